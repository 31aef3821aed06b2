namespace RawSocketChat.Protocol.Framing;

/// <summary>
/// Removes Telnet commands (RFC 854) from a line, such as the offers of options that PuTTY sends at the start. A command begins with IAC
/// (255), a byte that never occurs in UTF-8. So removing commands cannot damage valid text.
/// </summary>
public static class TelnetCommands
{
    private const byte Iac = 255;
    private const byte Dont = 254;
    private const byte Will = 251;
    private const byte SubnegotiationBegin = 250;
    private const byte SubnegotiationEnd = 240;

    /// <summary>Returns the line without its commands, or the same memory if it has none. An incomplete command stays in the line.</summary>
    public static ReadOnlyMemory<byte> Remove(ReadOnlyMemory<byte> line)
    {
        if (!line.Span.Contains(Iac)) return line;

        var rest = line.Span;
        var words = new byte[rest.Length];
        var length = 0;
        while (!rest.IsEmpty)
        {
            var command = GetCommandLength(rest);
            if (command == 0) words[length++] = rest[0];
            rest = rest[Math.Max(1, command)..];
        }

        return words.AsMemory(0, length);
    }

    // The length in bytes of the command at the front; 0 if there is none.
    private static int GetCommandLength(ReadOnlySpan<byte> rest) => rest switch
    {
        [Iac, >= Will and <= Dont, _, ..] => 3,
        [Iac, SubnegotiationBegin, ..] => rest.IndexOf([Iac, SubnegotiationEnd]) + 2 is var end and > 2 ? end : 0,
        [Iac, >= SubnegotiationEnd and < SubnegotiationBegin, ..] => 2,
        _ => 0,
    };
}
