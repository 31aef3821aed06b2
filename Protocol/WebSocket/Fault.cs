namespace RawSocketChat.Protocol.WebSocket;

/// <summary>The catalogue of what a peer can do wrong, and the close code that each gets: the one place that maps them.</summary>
/// <param name="Code">The code to close with (RFC 6455, 7.4.1).</param>
/// <param name="Reason">For a person; short enough for a close frame (123 bytes).</param>
internal sealed record Fault(ushort Code, string Reason)
{
    public static readonly Fault ReservedBits = Protocol("reserved bit set without an extension (RFC 6455, 5.2)");
    public static readonly Fault CompressedLater = Protocol("RSV1 on other than the first frame of a message (RFC 7692, 6.1)");
    public static readonly Fault ReservedOpcode = Protocol("reserved opcode (RFC 6455, 5.2)");
    public static readonly Fault FragmentedControl = Protocol("fragmented control frame (RFC 6455, 5.5)");
    public static readonly Fault LongControl = Protocol("control frame of over 125 bytes (RFC 6455, 5.5)");
    public static readonly Fault NothingToContinue = Protocol("continuation without a message to continue (RFC 6455, 5.4)");
    public static readonly Fault MessageInMessage = Protocol("new message before the end of the last one (RFC 6455, 5.4)");
    public static readonly Fault ClientUnmasked = Protocol("client frame without mask (RFC 6455, 5.1)");
    public static readonly Fault ServerMasked = Protocol("server frame with mask (RFC 6455, 5.1)");
    public static readonly Fault LengthNotMinimal = Protocol("length in more bytes than it needs (RFC 6455, 5.2)");
    public static readonly Fault CloseOfOneByte = Protocol("close frame of one byte, a code has two (RFC 6455, 5.5.1)");

    public static readonly Fault TextNotUtf8 = new(CloseCode.InvalidPayload, "text that is not UTF-8 (RFC 6455, 8.1)");
    public static readonly Fault TextCutShort = new(CloseCode.InvalidPayload, "text that ends inside a character (RFC 6455, 8.1)");
    public static readonly Fault ReasonNotUtf8 = new(CloseCode.InvalidPayload, "close reason that is not UTF-8 (RFC 6455, 5.5.1)");

    // RFC 7692 names no code. It is the content of a message that is not what it says to be, as with text that is not UTF-8.
    public static readonly Fault NotDeflate = new(CloseCode.InvalidPayload, "compressed message that is not DEFLATE data (RFC 7692, 7.2.2)");

    // A length of 2^63 and more is against 5.2 too; 1009 tells the sender what to change.
    public static readonly Fault LengthTopBit = new(CloseCode.TooBig, "length with its highest bit set (RFC 6455, 5.2)");

    public static readonly Fault EmptyFragments = new(CloseCode.TooBig,
        $"message of over {WebSocketProtocol.MaxEmptyFragments} empty fragments");

    public static Fault MessageTooBig(ulong bytes, int limit) =>
        new(CloseCode.TooBig, $"message of at least {bytes} bytes; the limit is {limit}");

    public static Fault BadCloseCode(ushort code) => Protocol($"close code {code} may not be sent (RFC 6455, 7.4)");

    private static Fault Protocol(string reason) => new(CloseCode.ProtocolError, reason);
}
