namespace RawSocketChat.Protocol.WebSocket;

/// <summary>Which end of the connection this is. It decides who masks (RFC 6455, 5.1).</summary>
public enum WebSocketRole
{
    /// <summary>Receives masked frames, sends unmasked ones.</summary>
    Server,

    /// <summary>Receives unmasked frames, sends masked ones.</summary>
    Client,
}
