namespace RawSocketChat.Protocol.WebSocket;

/// <summary>Close codes (RFC 6455, 7.4, and the registry that it opened, 11.7).</summary>
public static class CloseCode
{
    /// <summary>The purpose is fulfilled.</summary>
    public const ushort Normal = 1000;

    /// <summary>A server going down, or a browser leaving the page.</summary>
    public const ushort GoingAway = 1001;

    /// <summary>The peer broke the protocol.</summary>
    public const ushort ProtocolError = 1002;

    /// <summary>A kind of data that this endpoint does not take (binary, to one that understands text only).</summary>
    public const ushort UnsupportedData = 1003;

    /// <summary>Never on the wire: the close frame had no code.</summary>
    public const ushort NoStatus = 1005;

    /// <summary>Never on the wire: the connection ended without a close frame.</summary>
    public const ushort Abnormal = 1006;

    /// <summary>Data that is not what its type says (text that is not UTF-8).</summary>
    public const ushort InvalidPayload = 1007;

    /// <summary>A rule of this endpoint, where no other code fits.</summary>
    public const ushort PolicyViolation = 1008;

    /// <summary>A message too big to process.</summary>
    public const ushort TooBig = 1009;

    /// <summary>The server met something unexpected.</summary>
    public const ushort InternalError = 1011;

    /// <summary>
    /// Whether a close frame may bear this code: 1000 to 1003, 1007 to 1014 (1012 to 1014 came into the registry
    /// after the RFC), 3000 to 3999 (registered by libraries) and 4000 to 4999 (private).
    /// </summary>
    public static bool MayBeSent(ushort code) => code switch
    {
        // 7.4.1: 1004 is reserved; 1005, 1006 and 1015 speak of what was not on the wire
        1004 or NoStatus or Abnormal or 1015 => false,
        // 7.4.2: 0-999 are not used, 1000-2999 belong to the protocol and its extensions, of which 1014 is the last in use
        >= 1000 and <= 1014 => true,
        // 7.4.2: 3000-3999 by registration, 4000-4999 by agreement of the two ends
        >= 3000 and <= 4999 => true,
        _ => false,
    };
}
