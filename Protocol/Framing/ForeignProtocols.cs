using System.Buffers;
using System.Text;

namespace RawSocketChat.Protocol.Framing;

/// <summary>Recognizes clients of other line-based protocols by their first line.</summary>
internal static class ForeignProtocols
{
    // The maximum length of a command of SMTP and IRC.
    private const int MaxCommandBytes = 512;

    private static readonly SearchValues<byte> MethodLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ_"u8);

    /// <summary>Returns the protocol of the line, or null if a person could have typed the line.</summary>
    /// <param name="line">The line without its delimiter.</param>
    /// <param name="isTooLong">Whether this is only the beginning of the line.</param>
    /// <param name="next">The bytes that have arrived together with the line, and follow it.</param>
    public static PeerKind? Find(ReadOnlySpan<byte> line, bool isTooLong, ReadOnlySpan<byte> next)
    {
        line = line.TrimEnd(" \r"u8);
        return FindRequest(line, isTooLong)
            ?? FindGreeting(line)
            ?? (isTooLong ? null : FindCommand(line) ?? FindRedisArray(line, next));
    }

    // RFC 9112, section 3: request-line = method SP request-target SP HTTP-version. SIP (RFC 3261, section 7.1) and RTSP (RFC 7826, section
    // 20) use the same form. A web page can choose the target, and so make the line too long. So the beginning of a line that is too long is enough
    // to recognize a request.
    private static PeerKind? FindRequest(ReadOnlySpan<byte> line, bool isTooLong)
    {
        var method = line.IndexOfAnyExcept(MethodLetters);
        if (method < 1 || line[method] != ' ')
            return null;
        var rest = line[(method + 1)..];
        if (isTooLong)
            return rest.StartsWith("/"u8) ? PeerKind.Http : rest.StartsWith("sip:"u8) || rest.StartsWith("sips:"u8) ? PeerKind.Sip : rest.StartsWith("rtsp:"u8) ? PeerKind.Rtsp : null;

        // HTTP/0.9: GET and a path, and nothing else.
        if (line.StartsWith("GET /"u8) && !rest.Contains((byte)' '))
            return PeerKind.Http;
        var version = rest.LastIndexOf((byte)' ') + 1;
        if (version < 2 || !IsTarget(rest[..(version - 1)]))
            return null;
        return IsVersion(rest[version..], "HTTP/"u8) ? PeerKind.Http
            : IsVersion(rest[version..], "SIP/"u8) ? PeerKind.Sip
            : IsVersion(rest[version..], "RTSP/"u8) ? PeerKind.Rtsp
            : IsVersion(rest[version..], "ICAP/"u8) ? PeerKind.Foreign
            : null;
    }

    // Section 3.2: the target is a path, an absolute address (sent to a proxy), host and port, or an asterisk. So "I speak HTTP/1.1" is not a request.
    private static bool IsTarget(ReadOnlySpan<byte> target) => target.StartsWith("/"u8) || target.Contains((byte)':') || target.SequenceEqual("*"u8);

    private static bool IsVersion(ReadOnlySpan<byte> word, ReadOnlySpan<byte> name) =>
        word.StartsWith(name) && word[name.Length..] is [>= (byte)'0' and <= (byte)'9', (byte)'.', >= (byte)'0' and <= (byte)'9'];

    // Finds the greetings of SSH (RFC 4253, section 4.2: SSH-protoversion-softwareversion), of version 1 of the PROXY protocol, of XML protocols
    // (XMPP), of AMQP (the header continues with NUL), and of rsync.
    private static PeerKind? FindGreeting(ReadOnlySpan<byte> line) =>
        line.StartsWith("SSH-2."u8) || line.StartsWith("SSH-1."u8) ? PeerKind.Ssh
        : line.StartsWith("PROXY TCP4 "u8) || line.StartsWith("PROXY TCP6 "u8) || IsWordOf(line, "PROXY UNKNOWN"u8) ? PeerKind.Proxy
        : line.StartsWith("SIP/2.0 "u8) ? PeerKind.Sip
        : line.StartsWith("RTSP/1.0 "u8) || line.StartsWith("RTSP/2.0 "u8) ? PeerKind.Rtsp
        : line.StartsWith("HTTP/1."u8) ? PeerKind.Http
        : line.StartsWith("<?xml "u8) || line.StartsWith("<stream:stream"u8) || line.SequenceEqual("AMQP"u8) || line.StartsWith("@RSYNCD: "u8) ? PeerKind.Foreign
        : null;

    // Finds the first command of SMTP (RFC 5321, section 4.1.1.1: EHLO or HELO, and one domain or address), of IRC (RFC 2812, section 3.1,
    // and the capability negotiation of IRCv3), and of FTP and POP3 (USER with one word). "HELO" must be in capitals, because a person may
    // mistype "hello". A line of any other form may be a message that a person has typed in capitals.
    private static PeerKind? FindCommand(ReadOnlySpan<byte> line)
    {
        if (line.Length > MaxCommandBytes)
            return null;
        return Encoding.Latin1.GetString(line).Split(' ') switch
        {
            ["EHLO" or "ehlo" or "HELO" or "LHLO"] or ["EHLO" or "ehlo" or "HELO" or "LHLO", _] => PeerKind.Smtp,
            ["NICK" or "PASS", _] or ["CAP", "LS" or "REQ" or "END", ..] => PeerKind.Irc,
            ["USER", var user] when user.Any(char.IsAsciiLetterLower) => PeerKind.Irc,
            ["USER", _, _, "*", ..] or ["USER", _, _, _, [':', ..], ..] => PeerKind.Irc,
            _ => null,
        };
    }

    // The Redis protocol (RESP) sends an array, such as *1, and then its first element, such as $4. Both lines are required, because "*1"
    // alone may be a footnote that a person has typed.
    private static PeerKind? FindRedisArray(ReadOnlySpan<byte> line, ReadOnlySpan<byte> next) =>
        line.Length > 1 && line[0] == '*' && line[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 && next.StartsWith("$"u8) ? PeerKind.Redis : null;

    private static bool IsWordOf(ReadOnlySpan<byte> line, ReadOnlySpan<byte> words) => line.StartsWith(words) && (line.Length == words.Length || line[words.Length] == ' ');
}
