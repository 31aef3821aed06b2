namespace RawSocketChat.Server.Connections;

/// <summary>What a message is made of (RFC 6455, section 5.6). Ways in other than WebSocket carry text alone.</summary>
public enum MessageKind
{
    /// <summary>Valid UTF-8.</summary>
    Text,

    /// <summary>Any bytes.</summary>
    Binary,
}
