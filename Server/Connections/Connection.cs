namespace RawSocketChat.Server.Connections;

/// <summary>What a client asked for in the act of connecting, before its first frame.</summary>
/// <param name="Name">The name that it wants.</param>
/// <param name="Room">The room to join at once.</param>
/// <param name="Session">The secret token of a session that it had.</param>
/// <param name="ServerSpeaksFirst">False where the handler waits for the first message before it greets (raw TCP).</param>
/// <param name="SessionIsInCookie">The token came in a page's cookie, where no script may read it; so no frame may tell it.</param>
public sealed record ConnectionRequest(
    string? Name = null, string? Room = null, string? Session = null, bool ServerSpeaksFirst = true, bool SessionIsInCookie = false)
{
    internal static readonly ConnectionRequest Done = new();
    internal static readonly ConnectionRequest DoneByCookie = new(SessionIsInCookie: true);
}

/// <summary>
/// One client by one way in, as everything above the transports sees it: something to send to, with an outbox and, at
/// its end, a reason.
/// </summary>
public sealed class Connection(string way, string remote, ConnectionRequest request, Outbox outbox, TimeProvider time) : IFrameSink
{
    private Disconnect? _reason;
    private long _lastHeard = time.GetTimestamp();

    /// <summary>Set by the transport before the connection is used.</summary>
    public IConnectionHandler Handler { get; set; } = null!;

    /// <summary>
    /// The way in: <c>ws</c>, <c>ws-h2</c>, <c>tcp</c>; over plain requests the one last taken: <c>poll</c>, <c>longpoll</c>, <c>sse</c>, <c>stream</c>,
    /// <c>iframe</c>, and <c>http</c> until one was.
    /// </summary>
    public string Way { get; set; } = way;

    /// <summary>The peer's address and port, for logs.</summary>
    public string Remote { get; } = remote;

    /// <summary>What was asked for; once it was done (<see cref="Greeted"/>) only what still counts of it.</summary>
    public ConnectionRequest Request { get; private set; } = request;

    public Outbox Outbox { get; } = outbox;

    /// <summary>Why it ended; null while it stands. The first reason is kept.</summary>
    public Disconnect? Reason => Volatile.Read(ref _reason);

    public bool IsOpen => Reason is null;

    /// <summary>Whose bytes these are; null in tests that need none.</summary>
    public IConnectionTransport? Transport { get; init; }

    /// <summary>True while the peer owes its first frame, where nothing came with the connection itself (raw TCP).</summary>
    public bool OwesFirstFrame { get; set; }

    /// <summary>True while the peer owes the rest of a frame that it began.</summary>
    public bool IsMidFrame { get; set; }

    /// <summary>True from a probe until anything is heard again.</summary>
    public bool IsProbed { get; set; }

    /// <summary>How long nothing has come from the peer.</summary>
    public TimeSpan SilentFor => time.GetElapsedTime(Volatile.Read(ref _lastHeard));

    /// <summary>The name, room and token that were asked for are of no more use.</summary>
    public void Greeted() => Request = Request.SessionIsInCookie ? ConnectionRequest.DoneByCookie : ConnectionRequest.Done;

    public void Heard()
    {
        Volatile.Write(ref _lastHeard, time.GetTimestamp());
        IsProbed = false;
    }

    /// <summary>What sending met that nothing should meet; the connection has ended by it. For the log.</summary>
    public Exception? Fault { get; private set; }

    public void Send(Outbound outbound)
    {
        try
        {
            SendOrClose(outbound);
        }
#pragma warning disable CA1031 // a room delivers to many: what one of them meets must not keep the others from their copy
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Fault = fault;
            Close(Disconnect.Internal);
        }
    }

    /// <summary>Ends the connection: what is owed (unless the reason drops it), the farewell, then the stream's own end.</summary>
    public void Close(Disconnect reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is not null)
            return;
        Outbox.Complete(reason.Announced ? Handler.Farewell(reason) : null, reason);
        Transport?.Closing();
    }

    private void SendOrClose(Outbound outbound)
    {
        switch (Outbox.Send(outbound))
        {
            case SendResult.HalfFull when Handler.Lagging(Outbox.QueuedBytes, Outbox.LimitBytes) is { } notice:
                Outbox.SendFirst(notice);
                break;
            case SendResult.Overflow:
                Close(Disconnect.TooSlow);
                break;
            case SendResult.Gone:
                Close(Disconnect.Lost);
                break;
        }
    }
}
