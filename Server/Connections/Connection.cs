namespace RawSocketChat.Server.Connections;

/// <summary>
/// One client's connection over one transport, as the layers above the transports see it. The connection has an outbox for the messages to
/// the client and, after the close, a close reason. Thread-safe, unless the comment of a member says otherwise.
/// </summary>
public sealed class Connection(string transportName, string remote, ConnectionRequest request, Outbox outbox, TimeProvider time) : IFrameSink
{
    private Disconnect? _reason;
    private long _lastActivity = time.GetTimestamp();
    private long _midFrameSince;
    private volatile bool _isSessionInCookie = request.SessionIsInCookie;

    /// <summary>Handles the peer's messages. The transport sets this property before anything else uses the connection.</summary>
    public IConnectionHandler Handler { get; set; } = null!;

    /// <summary>
    /// The transport: <c>ws</c>, <c>ws-h2</c> or <c>tcp</c>. For a connection over HTTP requests, it is the transport of the newest
    /// request for frames: <c>poll</c>, <c>longpoll</c>, <c>sse</c>, <c>stream</c> or <c>iframe</c>. Before the first such request it
    /// is <c>http</c>.
    /// </summary>
    public string TransportName { get; set; } = transportName;

    /// <summary>The peer's address and port, for logs.</summary>
    public string Remote { get; } = remote;

    /// <summary>What the client asked for when the client connected; empty after <see cref="MarkGreeted"/>.</summary>
    public ConnectionRequest Request { get; private set; } = request;

    /// <summary>
    /// Whether the session's token is in a page's cookie, which no script can read. If it is, no frame may contain the token, because a script can
    /// read frames. A transport over HTTP requests sets this property when a request has the cookie.
    /// </summary>
    public bool SessionIsInCookie
    {
        get => _isSessionInCookie;
        set => _isSessionInCookie = value;
    }

    public Outbox Outbox { get; } = outbox;

    /// <summary>The account of the peer's address. Set before the handler is opened.</summary>
    public AddressAccount Account { get; internal set; } = AddressAccount.Unlimited;

    /// <summary>Why the connection was closed; null while it is open. The first reason is kept.</summary>
    public Disconnect? Reason => Volatile.Read(ref _reason);

    public bool IsOpen => Reason is null;

    /// <summary>The transport that moves the connection's bytes; null only in tests that use no transport.</summary>
    public IConnectionTransport? Transport { get; init; }

    /// <summary>
    /// On raw TCP: true until the peer has sent its first frame. Always false on transports that begin with an HTTP request.
    /// </summary>
    public bool IsAwaitingFirstFrame { get; set; }

    /// <summary>
    /// True while the peer has sent only a part of a frame, or only some fragments of a message. The transport sets this property after
    /// each read.
    /// </summary>
    public bool IsMidFrame
    {
        get => Volatile.Read(ref _midFrameSince) != 0;
        set
        {
            if (!value)
                MarkFrameEnd();
            else if (_midFrameSince == 0)
                Volatile.Write(ref _midFrameSince, Math.Max(1, time.GetTimestamp()));
        }
    }

    /// <summary>The time since the server read the first part of the incomplete frame or message; zero if nothing is incomplete.</summary>
    public TimeSpan MidFrameFor => Volatile.Read(ref _midFrameSince) is not 0 and var since ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>
    /// Whether a message that exceeds the sender's message rate waits instead of being rejected. During this wait the transport reads nothing from
    /// the peer, so TCP slows the peer down. True for connections in the text format on raw TCP, because people and shell scripts do not send a
    /// rejected line again.
    /// </summary>
    public bool WaitsForMessageRate { get; set; }

    /// <summary>True after a probe (a ping) until the peer sends anything.</summary>
    public bool IsProbed { get; set; }

    /// <summary>The time since the peer last sent anything.</summary>
    public TimeSpan SilentFor => time.GetElapsedTime(Volatile.Read(ref _lastActivity));

    /// <summary>Drops the <see cref="Request"/>, because no code needs it after the welcome.</summary>
    public void MarkGreeted() => Request = ConnectionRequest.Empty;

    /// <summary>Records that a frame, with all its fragments, is complete. The next bytes belong to the next frame.</summary>
    public void MarkFrameEnd() => Volatile.Write(ref _midFrameSince, 0);

    /// <summary>Records that the peer has sent something.</summary>
    public void MarkActivity()
    {
        Volatile.Write(ref _lastActivity, time.GetTimestamp());
        IsProbed = false;
    }

    /// <summary>The unexpected exception in <see cref="Send"/> that closed the connection, for the log; null if there was none.</summary>
    public Exception? Fault { get; private set; }

    public void Send(EncodedMessage message)
    {
        try
        {
            SendOrClose(message);
        }
#pragma warning disable CA1031 // a room sends to many connections: an error of one connection must not stop the delivery to the others
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Fault = fault;
            Close(Disconnect.Internal);
        }
    }

    /// <summary>
    /// Closes the connection and returns immediately. The outbox then sends its queue (unless the reason drops the queue) and the close message
    /// (if the reason has one). After that, the transport ends the stream. Only the first call has an effect.
    /// </summary>
    public void Close(Disconnect reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is not null)
            return;
        Outbox.Complete(reason.SendsCloseMessage ? Handler.CreateCloseMessage(reason) : null, reason);
        Transport?.OnClosing();
    }

    /// <summary>Like <see cref="Close"/>, but logs an exception of the handler or the transport. For code that closes many connections.</summary>
    public void TryClose(Disconnect reason, ILogger logger)
    {
        try
        {
            Close(reason);
        }
#pragma warning disable CA1031 // an error of one connection must not affect the others
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.CloseFailed(logger, fault, TransportName, Remote);
        }
    }

    private void SendOrClose(EncodedMessage message)
    {
        switch (Outbox.Send(message))
        {
            case SendResult.HalfFull when Handler.CreateSlowConsumerNotice(Outbox.QueuedBytes, Outbox.LimitBytes) is { } notice:
                Outbox.SendFirst(notice);
                break;
            case SendResult.Overflow:
                Close(Disconnect.TooSlow);
                break;
            case SendResult.Closed:
                Close(Disconnect.Lost);
                break;
        }
    }
}
