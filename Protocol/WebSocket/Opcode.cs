namespace RawSocketChat.Protocol.WebSocket;

/// <summary>The type of a frame (RFC 6455, 5.2 and 11.8). 3 to 7 and 11 to 15 are reserved.</summary>
public enum Opcode : byte
{
    /// <summary>A further fragment of the current message (5.4).</summary>
    Continuation = 0,

    /// <summary>A UTF-8 text message, or its first fragment (5.6).</summary>
    Text = 1,

    /// <summary>A binary message, or its first fragment (5.6).</summary>
    Binary = 2,

    /// <summary>Closes the connection, with an optional code and reason (5.5.1).</summary>
    Close = 8,

    /// <summary>A ping. The receiver answers with a pong of the same payload (5.5.2).</summary>
    Ping = 9,

    /// <summary>The answer to a ping, or an unsolicited heartbeat (5.5.3).</summary>
    Pong = 10,
}
