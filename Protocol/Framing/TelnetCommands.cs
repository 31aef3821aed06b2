namespace RawSocketChat.Protocol.Framing;

/// <summary>
/// What telnet clients put between a person's words (RFC 854), such as PuTTY's offers at the start. A command begins with
/// IAC, 255, which no UTF-8 holds: so taking commands out of a line changes none that could have been understood.
/// </summary>
public static class TelnetCommands
{
    private const byte Iac = 255;
    private const byte Dont = 254;
    private const byte Will = 251;
    private const byte SubnegotiationBegin = 250;
    private const byte SubnegotiationEnd = 240;

    /// <summary>The line without its commands; the same memory where there are none. What is no whole command stays.</summary>
    public static ReadOnlyMemory<byte> Remove(ReadOnlyMemory<byte> line)
    {
        if (!line.Span.Contains(Iac)) return line;

        var rest = line.Span;
        var words = new byte[rest.Length];
        var length = 0;
        while (!rest.IsEmpty)
        {
            var command = LengthOf(rest);
            if (command == 0) words[length++] = rest[0];
            rest = rest[Math.Max(1, command)..];
        }

        return words.AsMemory(0, length);
    }

    // The bytes of the command that begins here; 0 where none does.
    private static int LengthOf(ReadOnlySpan<byte> rest) => rest switch
    {
        [Iac, >= Will and <= Dont, _, ..] => 3,
        [Iac, SubnegotiationBegin, ..] => rest.IndexOf([Iac, SubnegotiationEnd]) + 2 is var end and > 2 ? end : 0,
        [Iac, >= SubnegotiationEnd and < SubnegotiationBegin, ..] => 2,
        _ => 0,
    };
}
