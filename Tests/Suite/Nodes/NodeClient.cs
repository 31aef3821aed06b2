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
internal sealed class NodeClient(string name, string room, ChatHistory history, int moveAfter)
{
    private const int Window = 8;

    private readonly Lock _gate = new();
    private readonly SortedSet<int> _pending = [];
    private ChatClient? _peer;
    private string? _session;
    private string? _epoch;
    private long _last;
    private int _sent;

    /// <summary>The number of connections that the client has opened.</summary>
    public int Connections { get; private set; }

    /// <summary>The newest seq that the client has received and the number of its unacknowledged messages, for an error text.</summary>
    public string State
    {
        get
        {
            lock (_gate)
                return $"{name}: up to {_last}, {_pending.Count} unacknowledged";
        }
    }

    /// <summary>The number of messages with an ack.</summary>
    public int AcknowledgedCount { get; private set; }

    public string Name => name;

    /// <summary>
    /// Ends the connection if the client has everything up to a seq. The client itself checks this only when a frame arrives, but the last frame may have
    /// arrived already.
    /// </summary>
    public void StopIfDone(long lastSeq)
    {
        if (IsDone(() => true, () => lastSeq))
            _peer?.Abort();
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
            catch (Exception fault) when (fault is SocketException or IOException or HandshakeRefusedException or ObjectDisposedException)
            {
                // The server was killed. The client tries the next one.
                await Task.Delay(20);
            }
        }
    }

    private bool IsDone(Func<bool> isDraining, Func<long> getLastSeq)
    {
        lock (_gate)
            return isDraining() && _pending.Count == 0 && _last >= getLastSeq();
    }

    private async Task RunConnectionAsync(int port, Func<bool> isDraining, Func<long> getLastSeq)
    {
        await using var peer = await ChatClient.ConnectAsync(port, _session is null ? $"/ws?name={name}" : $"/ws?session={_session}");
        _peer = peer;
        Connections++;
        int[] pending;
        lock (_gate)
            pending = [.. _pending];
        // Record the repetitions before the join: the catch-up may deliver these messages before their acks.
        foreach (var number in pending)
            history.Add(new HistoryRecord.Sent(name, room, $"{name}.{number}"));
        var after = _last;
        await peer.SendAsync(ChatPeerExtensions.Join(room, after, _epoch));
        foreach (var number in pending)
            await peer.SendAsync(ChatPeerExtensions.Say($"{name}.{number}", $"{number}", room));
        var frames = 0;
        await foreach (var frame in peer.Inbox.ReadAllAsync())
        {
            // The commit has failed, or its outcome is unknown. The client connects to another server and sends the message again.
            if (frame is ErrorFrame { Error.Code: ErrorCode.Unavailable })
                return;
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

    private async Task SendMoreAsync(ChatClient peer)
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
