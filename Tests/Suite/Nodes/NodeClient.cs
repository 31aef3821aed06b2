using System.Diagnostics;
using System.Net.Sockets;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Nodes;

/// <summary>
/// A client that sends messages to one room as fast as the servers acknowledge them. When a connection ends, and from time to time, the client connects to
/// another server: it resumes its session, joins with its cursor, and sends unacknowledged messages again with the same ids.
/// </summary>
/// <param name="name">The client's name. The texts of its messages begin with it.</param>
/// <param name="moveAfter">The number of frames after which the client moves to another server; 0 if it moves only when a connection ends.</param>
/// <param name="transport">An HTTP transport; null for WebSocket.</param>
/// <param name="staysOnErrors">
/// Whether the client stays at its server when a message could not be stored, and sends the message again after <c>retryAfterMs</c>. If not, it moves.
/// </param>
internal sealed class NodeClient(string name, string room, ChatHistory history, int moveAfter, HttpTransport? transport = null, bool staysOnErrors = false)
{
    private const int Window = 8;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private readonly SortedSet<int> _pending = [];
    private volatile IChatPeer? _peer;
    private volatile bool _isStopped;
    private string? _session;
    private string? _epoch;
    private long _last;
    private int _sent;
    private long _acknowledgedAt = Stopwatch.GetTimestamp();

    /// <summary>The number of connections that the client has opened.</summary>
    public int Connections { get; private set; }

    /// <summary>The newest seq that the client has received and the number of its unacknowledged messages, for an error text.</summary>
    public string State
    {
        get
        {
            lock (_gate)
                return $"{name} over {transport?.ToString() ?? "WebSocket"} at {Port}: up to {_last}, {_pending.Count} unacknowledged, {_retries.Count} sent again";
        }
    }

    /// <summary>The number of messages with an ack.</summary>
    public int AcknowledgedCount { get; private set; }

    public string Name => name;

    /// <summary>The port of the server that the client uses.</summary>
    public int Port { get; private set; }

    /// <summary>The <c>retryAfterMs</c> of each error after which the client sends a message again to the same server.</summary>
    public IReadOnlyCollection<int?> Retries => _retries;

    private readonly System.Collections.Concurrent.ConcurrentQueue<int?> _retries = new();

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
        var peer = await HttpChatPeer.ConnectAsync(port, transport.Value, _session is null ? name : null, _session, continues: false);
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
        int[] pending;
        lock (_gate)
            pending = [.. _pending];
        // Record the repetitions before the join: the catch-up may deliver these messages before their acks.
        foreach (var unacknowledged in pending)
            history.Add(new HistoryRecord.Sent(name, room, $"{name}.{unacknowledged}"));
        var after = _last;
        await peer.SendAsync(ChatPeerExtensions.Join(room, after, _epoch));
        foreach (var unacknowledged in pending)
            await peer.SendAsync(ChatPeerExtensions.Say($"{name}.{unacknowledged}", $"{unacknowledged}", room));
        var frames = 0;
        await foreach (var frame in peer.Inbox.ReadAllAsync())
        {
            // The commit has failed, or its outcome is unknown. The client sends the message again, here or at another server.
            if (frame is ErrorFrame { Error: { Code: ErrorCode.Unavailable } error })
            {
                if (!staysOnErrors || !int.TryParse(((ErrorFrame)frame).Id.ToString(), out var number))
                {
                    await Task.Delay(RetryDelay);
                    return;
                }

                _retries.Enqueue(error.RetryAfterMs);
                history.Add(new HistoryRecord.Failed(name, room, $"{name}.{number}"));
                _ = RepeatAsync(peer, number, TimeSpan.FromMilliseconds(error.RetryAfterMs ?? 0));
                continue;
            }

            Receive(frame, after);
            if (!isDraining() && frame is AckFrame or JoinedFrame)
                await SendMoreAsync(peer);
            // To move to another server, the client closes its connection without waiting for the frames that are on their way.
            if (moveAfter > 0 && ++frames >= moveAfter && !isDraining())
                return;
            if (IsDone(isDraining, getLastSeq))
                return;
        }
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

    private void Receive(ServerFrame frame, long after)
    {
        switch (frame)
        {
            case WelcomeFrame welcome:
                _session = welcome.Session;
                break;
            case JoinedFrame joined:
                _epoch = joined.Epoch;
                history.Add(new HistoryRecord.Joined(name, room, joined.Epoch, after, joined.Recovered == true));
                foreach (var message in joined.Messages.DecodeMessages())
                    Deliver(message);
                break;
            case MessageFrame message:
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
