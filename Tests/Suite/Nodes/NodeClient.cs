using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Nodes;

/// <summary>
/// A client that sends messages to one room as fast as the servers acknowledge them. When a connection ends, and from time to time, the client connects to
/// another server: it resumes its session, joins after its last event, and sends unacknowledged messages again with the same ids. It does the same whenever a
/// server sends a <c>welcome</c>: over HTTP, a <c>welcome</c> among the frames says that the server has replaced the connection. A client over HTTP shows the
/// cursor of the last server to the next one.
/// </summary>
/// <param name="name">The client's name. The texts of its messages begin with it.</param>
/// <param name="moveAfter">The number of frames after which the client moves to another server; 0 if it moves only when a connection ends.</param>
/// <param name="transport">An HTTP transport; null for WebSocket.</param>
/// <param name="staysOnErrors">
/// Whether the client stays at its server when a message could not be stored, and sends the message again after <c>retryAfterMs</c>. If not, it moves.
/// </param>
/// <param name="pauseMs">The pause after each ack, in milliseconds.</param>
internal sealed class NodeClient(string name, string room, ChatHistory history, int moveAfter, HttpTransport? transport = null, bool staysOnErrors = false, int pauseMs = 0)
{
    private const int Window = 8;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private readonly SortedSet<int> _pending = [];
    private readonly ConcurrentQueue<int?> _retries = new();
    private volatile IChatPeer? _peer;
    private volatile bool _isStopped;
    private string? _session;
    private string? _epoch;
    private long _cursor = HttpChatPeer.NoCursor;
    private long _last;

    // The seq after which the client has joined, and whether the server has answered the join.
    private long _after;
    private bool _isJoined;
    private int _joins;
    private int _sent;
    private long _acknowledgedAt = Stopwatch.GetTimestamp();

    /// <summary>The number of connections that the client has opened.</summary>
    public int Connections { get; private set; }

    /// <summary>Whether the client uses WebSocket.</summary>
    public bool IsOverWebSocket => transport is null;

    /// <summary>How often the server has closed a connection of the client because the client read too slowly.</summary>
    public int SlowConsumerCloses { get; private set; }

    /// <summary>The newest seq that the client has received and the number of its unacknowledged messages, for an error text.</summary>
    public string State
    {
        get
        {
            lock (_gate)
                return $"{name} over {transport?.ToString() ?? "WebSocket"} at {Port}: up to {_last}, {_pending.Count} unacknowledged, {_retries.Count} sent again, {Connections} connections, closed as too slow {SlowConsumerCloses} times";
        }
    }

    /// <summary>The number of messages with an ack.</summary>
    public int AcknowledgedCount { get; private set; }

    public string Name => name;

    /// <summary>The port of the server that the client uses.</summary>
    public int Port { get; private set; }

    /// <summary>The <c>retryAfterMs</c> of each error after which the client sends a message again to the same server.</summary>
    public IReadOnlyCollection<int?> Retries => _retries;

    /// <summary>The longest time between two acks since the last call of <see cref="ResetPause"/>.</summary>
    public TimeSpan LongestPause { get; private set; }

    public void ResetPause() => LongestPause = TimeSpan.Zero;

    /// <summary>Stops the client, even if it has not received everything.</summary>
    public void Stop()
    {
        _isStopped = true;
        _peer?.Inbox.End();
    }

    /// <summary>Ends the connection if the client has received everything. The client itself checks this only when a frame arrives.</summary>
    public void StopIfDone(long lastSeq)
    {
        if (IsDone(() => true, () => lastSeq))
            _peer?.Inbox.End();
    }

    /// <summary>Runs until the client has the acks of all its messages and all events up to a seq.</summary>
    /// <param name="ports">The servers. The client uses the next one for each connection.</param>
    /// <param name="isDraining">True when the client must send no new messages.</param>
    /// <param name="getLastSeq">The seq up to which the client reads; called only while <paramref name="isDraining"/> is true.</param>
    public async Task RunAsync(Func<IReadOnlyList<int>> ports, Func<bool> isDraining, Func<long> getLastSeq)
    {
        var next = name[^1];
        while (!IsDone(isDraining, getLastSeq))
        {
            var alive = ports();
            try
            {
                await RunConnectionAsync(alive[next++ % alive.Count], isDraining, getLastSeq);
            }
            catch (Exception fault) when (IsEndOfConnection(fault))
            {
                // The server was killed. The client tries the next one.
                await Task.Delay(RetryDelay);
            }
        }
    }

    private static bool IsEndOfConnection(Exception fault) =>
        fault is SocketException or IOException or HttpRequestException or HandshakeRefusedException or ObjectDisposedException or OperationCanceledException;

    private async Task<IChatPeer> ConnectAsync(int port)
    {
        if (transport is null)
            return await ChatClient.ConnectAsync(port, _session is null ? $"/ws?name={name}" : $"/ws?session={_session}");
        // At the same server, the cursor would continue the old connection, and there would be no welcome.
        var cursor = port == Port ? HttpChatPeer.NoCursor : _cursor;
        var peer = await HttpChatPeer.ConnectAsync(port, transport.Value, _session is null ? name : null, _session, continues: false, cursor: cursor);
        _session = peer.Welcome.Session;
        return peer;
    }

    private bool IsDone(Func<bool> isDraining, Func<long> getLastSeq)
    {
        lock (_gate)
            return _isStopped || isDraining() && _pending.Count == 0 && _last >= getLastSeq();
    }

    private async Task RunConnectionAsync(int port, Func<bool> isDraining, Func<long> getLastSeq)
    {
        await using var peer = await ConnectAsync(port);
        (_peer, Port) = (peer, port);
        Connections++;
        _isJoined = false;
        try
        {
            await ReceiveAsync(peer, isDraining, getLastSeq);
        }
        finally
        {
            _cursor = (peer as HttpChatPeer)?.Cursor ?? _cursor;
        }
    }

    private async Task ReceiveAsync(IChatPeer peer, Func<bool> isDraining, Func<long> getLastSeq)
    {
        var frames = 0;
        await foreach (var frame in peer.Inbox.ReadAllAsync())
        {
            if (frame is ErrorFrame { Error: { } error } failure)
            {
                var isMessage = int.TryParse(failure.Id.ToString(), out var number);
                if (error.Code == ErrorCode.Unavailable && (!staysOnErrors || !isMessage))
                {
                    // The commit has failed, or its outcome is unknown. The client sends the message again at another server.
                    await Task.Delay(RetryDelay);
                    return;
                }

                if (error.Code == ErrorCode.Unavailable)
                {
                    _retries.Enqueue(error.RetryAfterMs);
                    history.Add(new HistoryRecord.Failed(name, room, $"{name}.{number}"));
                    _ = RepeatAsync(peer, number, TimeSpan.FromMilliseconds(error.RetryAfterMs ?? 0));
                }
                else if (isMessage && (error.Code != ErrorCode.NotInRoom || transport is null))
                {
                    // Over HTTP, a message can reach the new connection before the client has joined. The client then sends it again after the welcome.
                    throw new AssertionException($"the server rejected a message of {name}: {error}");
                }

                continue;
            }

            if (frame is WelcomeFrame welcome)
            {
                _session = welcome.Session;
                await JoinAsync(peer);
            }

            if (frame is ByeFrame { Code: 4008 })
                SlowConsumerCloses++;
            Receive(frame);
            if (pauseMs > 0 && frame is AckFrame && !isDraining())
                await Task.Delay(pauseMs);
            if (!isDraining() && frame is AckFrame or JoinedFrame)
                await SendMoreAsync(peer);
            // To move to another server, the client closes its connection without waiting for the frames that are on their way.
            if (moveAfter > 0 && ++frames >= moveAfter && !isDraining())
                return;
            if (IsDone(isDraining, getLastSeq))
                return;
        }
    }

    private async Task JoinAsync(IChatPeer peer)
    {
        int[] pending;
        lock (_gate)
            pending = [.. _pending];
        // Record the repetitions before the join: the catch-up may deliver these messages before their acks.
        foreach (var unacknowledged in pending)
            history.Add(new HistoryRecord.Sent(name, room, $"{name}.{unacknowledged}"));
        (_after, _isJoined) = (_last, false);
        await peer.SendAsync(ChatPeerExtensions.Join(room, _after, _epoch) with { Id = FrameId.From($"join{++_joins}") });
        foreach (var unacknowledged in pending)
            await peer.SendAsync(ChatPeerExtensions.Say($"{name}.{unacknowledged}", $"{unacknowledged}", room));
    }

    private async Task RepeatAsync(IChatPeer peer, int number, TimeSpan delay)
    {
        await Task.Delay(delay);
        history.Add(new HistoryRecord.Sent(name, room, $"{name}.{number}"));
        try
        {
            await peer.SendAsync(ChatPeerExtensions.Say($"{name}.{number}", $"{number}", room));
        }
        catch (Exception fault) when (IsEndOfConnection(fault))
        {
            // The client sends the message again on its next connection.
            peer.Inbox.End();
        }
    }

    private async Task SendMoreAsync(IChatPeer peer)
    {
        while (true)
        {
            int number;
            lock (_gate)
            {
                if (_pending.Count >= Window)
                    return;
                _pending.Add(number = ++_sent);
            }

            history.Add(new HistoryRecord.Sent(name, room, $"{name}.{number}"));
            await peer.SendAsync(ChatPeerExtensions.Say($"{name}.{number}", $"{number}", room));
        }
    }

    private void Receive(ServerFrame frame)
    {
        switch (frame)
        {
            // The outbox of an HTTP session may still have the answer to an earlier join.
            case JoinedFrame joined when joined.Id == FrameId.From($"join{_joins}"):
                (_epoch, _isJoined) = (joined.Epoch, true);
                history.Add(new HistoryRecord.Joined(name, room, joined.Epoch, _after, joined.Recovered == true));
                foreach (var message in joined.Messages.DecodeMessages())
                    Deliver(message);
                break;
            // A connection over HTTP may still have events from an earlier use by this client. The protocol says that the client ignores them.
            case MessageFrame message when _isJoined && (transport is null || message.Seq > _last):
                Deliver(message);
                break;
            case AckFrame { Seq: { } seq } ack when int.TryParse(ack.Id.ToString(), out var number):
                history.Add(new HistoryRecord.Acknowledged(name, room, $"{name}.{number}", seq, ack.Duplicate));
                lock (_gate)
                    _pending.Remove(number);
                AcknowledgedCount++;
                var pause = Stopwatch.GetElapsedTime(_acknowledgedAt);
                _acknowledgedAt = Stopwatch.GetTimestamp();
                LongestPause = pause > LongestPause ? pause : LongestPause;
                break;
            case GapFrame gap:
                history.Add(new HistoryRecord.Lost(name, room, gap.From, gap.To));
                break;
        }
    }

    private void Deliver(MessageFrame message)
    {
        history.Add(new HistoryRecord.Delivered(name, room, message.Seq, message.Text));
        _last = message.Seq;
    }
}
