namespace RawSocketChat.Protocol.WebSocket;

/// <summary>One thing that came in: a message, a control frame, or the peer's fault.</summary>
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

    /// <summary>What came in.</summary>
    public WebSocketEventKind Kind { get; }

    /// <summary>
    /// Text, Binary: the whole message, unmasked. Ping, Pong: the frame's payload, at most 125 bytes. Close: the
    /// reason in (valid) UTF-8, at most 123 bytes. Fault: empty. The bytes belong to the <see cref="WebSocketProtocol"/>
    /// and are valid until its next TryReceive or Dispose: copy what is to live longer.
    /// </summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>Close: the peer's code, 1005 where it gave none. Fault: the code to close with: 1002, 1007 or 1009. Else 0.</summary>
    public ushort CloseCode { get; }

    /// <summary>Fault: what was wrong, in words, with the RFC's section. Else empty.</summary>
    public string Reason { get; }
}
