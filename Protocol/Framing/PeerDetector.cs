namespace RawSocketChat.Protocol.Framing;

/// <summary>
/// Detects the <see cref="PeerKind"/> of a raw TCP client. A client of another protocol must be recognized, because an attacker can make such a
/// client (a browser, for example) send lines of the attacker's choice. A line that a person could have typed must not be treated as another
/// protocol. <see cref="ForeignProtocols"/> recognizes the other protocols.
/// </summary>
public static class PeerDetector
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    // RFC 8446, section 5.1: the type of a handshake record, and the first byte of the record's version, which is 3 in all versions of TLS.
    private static ReadOnlySpan<byte> TlsHandshake => [0x16, 0x03];

    /// <summary>Detects the kind of client from its first line that is not blank.</summary>
    /// <param name="line">The line without its delimiter, or the part of it that has arrived.</param>
    /// <param name="found">
    /// Line: the line is complete. NeedMore: more of the line will arrive. TooLong: this is the beginning of a line that is too long.
    /// </param>
    /// <param name="next">
    /// The bytes that have arrived together with the line, and follow it. Empty if a person types, because a person sends one line at a time.
    /// </param>
    public static PeerKind Detect(ReadOnlySpan<byte> line, LineResult found, ReadOnlySpan<byte> next = default)
    {
        if (line.StartsWith(TlsHandshake)) return PeerKind.Tls;
        if (line.SequenceEqual("<policy-file-request/>"u8)) return PeerKind.PolicyRequest;

        // Skip a byte order mark, because some editors and shells write one first.
        var trimmed = (line.StartsWith(ByteOrderMark) ? line[3..] : line).TrimStart(" \t\r\n"u8);
        if (trimmed.StartsWith("{"u8)) return PeerKind.Program;
        // The first byte alone does not show whether this is a TLS handshake.
        if (found == LineResult.NeedMore && trimmed.SequenceEqual(TlsHandshake[..1])) return PeerKind.Unknown;
        if (!trimmed.IsEmpty && !CanBeginText(trimmed[0])) return PeerKind.Foreign;
        if (found == LineResult.NeedMore) return PeerKind.Unknown;
        return ForeignProtocols.Find(line, found == LineResult.TooLong, next) ?? PeerKind.Person;
    }

    /// <summary>
    /// Whether the input of a person or a program can begin with this byte. Binary protocols often begin with a control character. An
    /// example is NUL, with which a browser's STUN request (WebRTC) begins.
    /// </summary>
    public static bool CanBeginText(byte first) => first is (>= 0x20 and not 0x7F) or (byte)'\t' or (byte)'\r' or (byte)'\n';
}
