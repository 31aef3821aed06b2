using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Connections;

/// <summary>
/// A receiver of frames: a connection, or the collector of one request's answers. Members may be called from any thread,
/// never block and never throw. A closed sink drops the frames.
/// </summary>
public interface IFrameSink
{
    void Send(EncodedMessage message);

    /// <summary>
    /// Whether the receiver must read its earlier answers before it gets more answers. While this value is true, the server answers each request with
    /// a short error. A connection is never full, because the server stops reading the requests of a peer that does not read its answers.
    /// </summary>
    bool IsFull => false;

    /// <summary>
    /// Sends one frame. The default implementation encodes the frame. A sink that needs the frame's values has its own implementation.
    /// </summary>
    void Send(ServerFrame frame) => Send(frame.Encode());

    /// <summary>
    /// Announces an answer that is sent later, when an event is stored. The handler may have returned by then. A sink that collects the
    /// answers to one message waits for this answer too.
    /// </summary>
    void ExpectDeferredAnswer()
    {
    }
}
