namespace RawSocketChat.Protocol.WebSocket;

/// <summary>Close codes (RFC 6455, 7.4, and the IANA registry, 11.7).</summary>
public static class CloseCode
{
    /// <summary>The connection has fulfilled its purpose.</summary>
    public const ushort Normal = 1000;

    /// <summary>The server is shutting down, or the browser is leaving the page.</summary>
    public const ushort GoingAway = 1001;

    /// <summary>The peer violated the protocol.</summary>
    public const ushort ProtocolError = 1002;

    /// <summary>The endpoint does not accept this type of data (for example binary data, if it accepts text only).</summary>
    public const ushort UnsupportedData = 1003;

    /// <summary>The close frame had no code. Never sent on the wire.</summary>
    public const ushort NoStatus = 1005;

    /// <summary>The connection ended without a close frame. Never sent on the wire.</summary>
    public const ushort Abnormal = 1006;

    /// <summary>The data does not match its type (for example text that is not UTF-8).</summary>
    public const ushort InvalidPayload = 1007;

    /// <summary>The peer violated a rule of this endpoint, and no other code fits.</summary>
    public const ushort PolicyViolation = 1008;

    /// <summary>The message is too big to process.</summary>
    public const ushort TooBig = 1009;

    /// <summary>The server met an unexpected condition.</summary>
    public const ushort InternalError = 1011;

    /// <summary>
    /// Whether a close frame may contain this code: 1000 to 1003, 1007 to 1014 (1012 to 1014 were registered
    /// after the RFC), 3000 to 3999 (registered by libraries) and 4000 to 4999 (private).
    /// </summary>
    public static bool MayBeSent(ushort code) => code switch
    {
        // 7.4.1: 1004 is reserved; 1005, 1006 and 1015 are never sent on the wire
        1004 or NoStatus or Abnormal or 1015 => false,
        // 7.4.2: 0-999 are not used; 1000-2999 belong to the protocol and its extensions, and 1014 is the last assigned one
        >= 1000 and <= 1014 => true,
        // 7.4.2: 3000-3999 need registration; 4000-4999 are private
        >= 3000 and <= 4999 => true,
        _ => false,
    };
}
