namespace RawSocketChat.Server.Connections;

/// <summary>The kind of a message's payload (RFC 6455, section 5.6). All transports except WebSocket carry text only.</summary>
public enum MessageKind
{
    /// <summary>UTF-8. Only WebSocket guarantees that the bytes are valid.</summary>
    Text,

    /// <summary>Any bytes.</summary>
    Binary,
}
