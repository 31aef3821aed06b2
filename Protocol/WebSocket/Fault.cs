namespace RawSocketChat.Protocol.WebSocket;

/// <summary>A protocol violation of the peer. This class is the only place that maps violations to close codes.</summary>
/// <param name="Code">The close code to send (RFC 6455, 7.4.1).</param>
/// <param name="Reason">The reason for a person, short enough for a close frame (123 bytes).</param>
internal sealed record Fault(ushort Code, string Reason)
{
    public static readonly Fault ReservedBits = CreateProtocolError("reserved bit set without an extension (RFC 6455, 5.2)");
    public static readonly Fault MisplacedCompressedBit = CreateProtocolError("RSV1 set on a frame that does not begin a message (RFC 7692, 6.1)");
    public static readonly Fault ReservedOpcode = CreateProtocolError("reserved opcode (RFC 6455, 5.2)");
    public static readonly Fault FragmentedControlFrame = CreateProtocolError("fragmented control frame (RFC 6455, 5.5)");
    public static readonly Fault ControlFrameTooLong = CreateProtocolError("control frame with more than 125 bytes (RFC 6455, 5.5)");
    public static readonly Fault UnexpectedContinuation = CreateProtocolError("continuation frame without a message (RFC 6455, 5.4)");
    public static readonly Fault InterleavedMessages = CreateProtocolError("new message before the end of the previous one (RFC 6455, 5.4)");
    public static readonly Fault UnmaskedClientFrame = CreateProtocolError("client frame without mask (RFC 6455, 5.1)");
    public static readonly Fault MaskedServerFrame = CreateProtocolError("server frame with mask (RFC 6455, 5.1)");
    public static readonly Fault NonMinimalLength = CreateProtocolError("length encoded in more bytes than it needs (RFC 6455, 5.2)");
    public static readonly Fault TruncatedCloseCode = CreateProtocolError("close frame with one byte; a close code has two (RFC 6455, 5.5.1)");

    public static readonly Fault InvalidUtf8Text = new(CloseCode.InvalidPayload, "text that is not UTF-8 (RFC 6455, 8.1)");
    public static readonly Fault TruncatedText = new(CloseCode.InvalidPayload, "text that ends inside a character (RFC 6455, 8.1)");
    public static readonly Fault InvalidUtf8Reason = new(CloseCode.InvalidPayload, "close reason that is not UTF-8 (RFC 6455, 5.5.1)");

    // RFC 7692 names no code. The content of the message is invalid, as with text that is not UTF-8.
    public static readonly Fault InvalidDeflateData = new(CloseCode.InvalidPayload, "compressed message that is not DEFLATE data (RFC 7692, 7.2.2)");

    // A length of 2^63 or more also violates 5.2, but 1009 tells the sender what to change.
    public static readonly Fault LengthOverflow = new(CloseCode.TooBig, "length with its highest bit set (RFC 6455, 5.2)");

    public static readonly Fault TooManyEmptyFragments = new(CloseCode.TooBig,
        $"message with more than {WebSocketProtocol.MaxEmptyFragments} empty fragments");

    public static Fault MessageTooBig(ulong bytes, int limit) =>
        new(CloseCode.TooBig, $"message of at least {bytes} bytes; the limit is {limit}");

    public static Fault InvalidCloseCode(ushort code) => CreateProtocolError($"close code {code} may not be sent (RFC 6455, 7.4)");

    private static Fault CreateProtocolError(string reason) => new(CloseCode.ProtocolError, reason);
}
