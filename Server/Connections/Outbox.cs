namespace RawSocketChat.Server.Connections;

/// <summary>What became of something given to an <see cref="Outbox"/>.</summary>
public enum SendResult
{
    /// <summary>Written, or queued within the bound.</summary>
    Accepted,

    /// <summary>Queued, and by it half of what may wait was reached for the first time since the outbox was empty.</summary>
    HalfFull,

    /// <summary>Refused: more would wait than may. The connection must be let go, since a hole cannot be mended later.</summary>
    Overflow,

    /// <summary>Refused: the outbox is completed or its peer is gone.</summary>
    Gone,
}

/// <summary>
/// What a connection owes its peer, in order and bounded. Every byte of a connection passes its outbox: that is what
/// keeps frames of several writers whole and in one order. All members are safe from any thread and never block.
/// </summary>
public abstract class Outbox
{
    /// <summary>Bytes that wait here, beyond what the transport below has taken.</summary>
    public abstract long QueuedBytes { get; }

    /// <summary>The most bytes that may wait.</summary>
    public abstract long LimitBytes { get; }

    public abstract SendResult Send(Outbound outbound);

    /// <summary>Sends ahead of all that waits; for notices that would be of no use at the end of the queue.</summary>
    public abstract void SendFirst(Outbound outbound);

    /// <summary>Completes when nothing waits any more. False: the outbox was completed or its peer is gone.</summary>
    public abstract ValueTask<bool> DrainedAsync();

    /// <summary>Sends what is left and then <paramref name="farewell"/>, and takes no more after it.</summary>
    /// <param name="farewell">The last frame, or null.</param>
    /// <param name="reason">Tells whether what waits is dropped, and what the framing itself adds at its end.</param>
    public abstract void Complete(Outbound? farewell, Disconnect reason);

    /// <summary>What a send meets first below this outbox, for <see cref="Broadcast"/> to fetch; null where it is not worth it.</summary>
    public virtual object? Output => null;

    /// <summary>How long the transport below has taken nothing although something waits; zero while it flows.</summary>
    public abstract TimeSpan StuckFor { get; }
}
