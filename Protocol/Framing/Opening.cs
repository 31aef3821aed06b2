namespace RawSocketChat.Protocol.Framing;

/// <summary>Who the first line of a raw connection shows to be speaking.</summary>
public enum Opening
{
    /// <summary>What has come may still become anything.</summary>
    Unclear,

    /// <summary>A person, who types.</summary>
    Person,

    /// <summary>A program that sends JSON.</summary>
    Program,

    /// <summary>A Flash player that asks whether its page may connect.</summary>
    PolicyRequest,

    /// <summary>A browser or another HTTP client that took this port for a web server's.</summary>
    Http,

    /// <summary>The ClientHello of TLS.</summary>
    Tls,
}

/// <summary>Reads an <see cref="Opening"/>.</summary>
public static class Openings
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    // RFC 8446, section 5.1: a record of a handshake, with the version that all of them claim.
    private static ReadOnlySpan<byte> TlsHandshake => [0x16, 0x03];

    /// <summary>What the first line that is not blank, or as much of it as has come, says.</summary>
    /// <param name="line">The line without its delimiter.</param>
    /// <param name="found">Line: it is whole. NeedMore: it is under way. TooLong: that is its beginning.</param>
    public static Opening Of(ReadOnlySpan<byte> line, LineResult found)
    {
        if (line.StartsWith(TlsHandshake)) return Opening.Tls;
        if (line.SequenceEqual("<policy-file-request/>"u8)) return Opening.PolicyRequest;
        if (IsRequestLine(line, found)) return Opening.Http;

        // Some editors and shells put a mark before the first byte.
        var inked = (line.StartsWith(ByteOrderMark) ? line[3..] : line).TrimStart(" \t\r\n"u8);
        if (inked.StartsWith("{"u8)) return Opening.Program;
        return found == LineResult.NeedMore ? Opening.Unclear : Opening.Person;
    }

    // RFC 9112, section 3: request-line = method SP request-target SP HTTP-version. A page chooses what follows the line, and
    // how long the target is: so of a line that is too long to be seen whole, the beginning must do.
    private static bool IsRequestLine(ReadOnlySpan<byte> line, LineResult found)
    {
        var method = line.IndexOfAnyExceptInRange((byte)'A', (byte)'Z');
        if (method < 1 || line[method] != ' ') return false;
        var rest = line[(method + 1)..].TrimEnd(" \r"u8);
        return found switch
        {
            LineResult.TooLong => rest.StartsWith("/"u8),
            LineResult.Line => EndsWithVersion(rest) && IsTarget(rest[..^9]),
            _ => false,
        };
    }

    private static bool EndsWithVersion(ReadOnlySpan<byte> line) =>
        line.Length > 9 && line[^9..].StartsWith(" HTTP/"u8) && IsDigit(line[^3]) && line[^2] == '.' && IsDigit(line[^1]);

    // Section 3.2: a path, an address as a proxy gets it, host and port, or an asterisk. So "I speak HTTP/1.1" is no request.
    private static bool IsTarget(ReadOnlySpan<byte> target) => target.StartsWith("/"u8) || target.Contains((byte)':') || target.SequenceEqual("*"u8);

    private static bool IsDigit(byte b) => b is >= (byte)'0' and <= (byte)'9';
}
