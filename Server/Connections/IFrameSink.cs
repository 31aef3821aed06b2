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
    /// Whether the receiver has to read its earlier answers before it gets more. While this is true, each request gets a short error instead
    /// of its answer. A connection is never full: the server stops reading its requests instead.
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
