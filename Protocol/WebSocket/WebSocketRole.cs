namespace RawSocketChat.Protocol.WebSocket;

/// <summary>The role of this end of the connection. Only clients mask their frames (RFC 6455, 5.1).</summary>
public enum WebSocketRole
{
    /// <summary>Receives masked frames, sends unmasked ones.</summary>
    Server,

    /// <summary>Receives unmasked frames, sends masked ones.</summary>
    Client,
}
