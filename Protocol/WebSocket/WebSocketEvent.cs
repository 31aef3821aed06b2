namespace RawSocketChat.Protocol.WebSocket;

/// <summary>One received event: a message, a control frame, or a protocol violation of the peer.</summary>
public readonly struct WebSocketEvent
{
    internal WebSocketEvent(WebSocketEventKind kind, ReadOnlyMemory<byte> payload, ushort closeCode = 0, string? reason = null)
    {
        Kind = kind;
        Payload = payload;
        CloseCode = closeCode;
        Reason = reason ?? "";
    }

    internal WebSocketEvent(Fault fault) : this(WebSocketEventKind.Fault, default, fault.Code, fault.Reason)
    {
    }

    /// <summary>The kind of event.</summary>
    public WebSocketEventKind Kind { get; }

    /// <summary>
    /// Text, Binary: the whole unmasked message. Ping, Pong: the payload of the frame, at most 125 bytes. Close: the
    /// reason in valid UTF-8, at most 123 bytes. Fault: empty. The bytes belong to the <see cref="WebSocketProtocol"/>
    /// and are valid until its next TryReceive or Dispose. Copy the bytes to use them longer.
    /// </summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>Close: the peer's code, or 1005 if it sent none. Fault: the code to close with: 1002, 1007 or 1009. Otherwise 0.</summary>
    public ushort CloseCode { get; }

    /// <summary>Fault: a description of the violation, with the section of the RFC. Otherwise empty.</summary>
    public string Reason { get; }
}
