namespace RawSocketChat.Protocol.WebSocket;

/// <summary>What a frame's payload is (RFC 6455, 5.2 and 11.8). 3 to 7 and 11 to 15 are reserved.</summary>
public enum Opcode : byte
{
    /// <summary>A further fragment of the message that is under way (5.4).</summary>
    Continuation = 0,

    /// <summary>A message in UTF-8, or its first fragment (5.6).</summary>
    Text = 1,

    /// <summary>A message of any bytes, or its first fragment (5.6).</summary>
    Binary = 2,

    /// <summary>The end, with a code and a reason or without (5.5.1).</summary>
    Close = 8,

    /// <summary>To be answered by a pong of the same payload (5.5.2).</summary>
    Ping = 9,

    /// <summary>The answer to a ping, or a heartbeat of its own (5.5.3).</summary>
    Pong = 10,
}
