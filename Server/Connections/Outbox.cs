namespace RawSocketChat.Server.Connections;

/// <summary>The result of a send to an <see cref="Outbox"/>.</summary>
public enum SendResult
{
    /// <summary>The message was written, or queued within the limit.</summary>
    Accepted,

    /// <summary>The message was queued, and the queue has reached half of the limit for the first time since the queue was empty.</summary>
    HalfFull,

    /// <summary>
    /// The message was dropped, because the queue would exceed the limit. The peer has missed a frame, so the connection must be closed.
    /// </summary>
    Overflow,

    /// <summary>The message was dropped, because the outbox is completed or the peer is gone.</summary>
    Closed,
}

/// <summary>
/// The bounded output queue of one connection. All bytes of a connection pass through its outbox, so the frames of several
/// senders stay whole and in order. All members are thread-safe and never block.
/// </summary>
public abstract class Outbox
{
    /// <summary>The number of bytes in the queue. Bytes that the transport has accepted do not count.</summary>
    public abstract long QueuedBytes { get; }

    /// <summary>The maximum number of bytes in the queue.</summary>
    public abstract long LimitBytes { get; }

    /// <summary>
    /// Sends a message, or queues the message while the transport accepts no more bytes. The result says whether the message was accepted.
    /// </summary>
    public abstract SendResult Send(EncodedMessage message);

    /// <summary>Sends a message before all queued messages. Used for notices, which would come too late at the end of the queue.</summary>
    public abstract void SendFirst(EncodedMessage message);

    /// <summary>
    /// Completes when a page of history fits into the outbox. For a stream, this means that the queue is empty. For a <c>CursorOutbox</c>,
    /// it means that the unread bytes are at most a quarter of the limit. The result is false if the outbox was completed or the peer is
    /// gone.
    /// </summary>
    public abstract ValueTask<bool> WaitForDrainAsync();

    /// <summary>
    /// Sends the queued messages and then <paramref name="closeMessage"/>. The outbox accepts no messages after this call.
    /// </summary>
    /// <param name="closeMessage">The last frame; null for none.</param>
    /// <param name="reason">Decides whether the queue is dropped, and which bytes the framing adds at the end.</param>
    public abstract void Complete(EncodedMessage? closeMessage, Disconnect reason);

    /// <summary>The time for which the transport has accepted nothing while bytes wait; zero if nothing waits.</summary>
    public abstract TimeSpan BlockedFor { get; }
}
