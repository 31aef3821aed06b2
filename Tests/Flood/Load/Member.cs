using System.Diagnostics;
using RawSocketChat.Tests.Flood.Checks;
using RawSocketChat.Tests.Flood.Transports;

namespace RawSocketChat.Tests.Flood.Load;

/// <summary>
/// A member of a room: a user with one connection at a time. One <see cref="Subscriber"/> checks the frames of all these connections.
/// </summary>
internal sealed class Member : IDisposable
{
    // How long a cut waits for the given number of bytes. After that, the connection is cut even if the bytes have not arrived.
    private static readonly TimeSpan CutTimeout = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly Func<Member, IConnection> _dial;
    private readonly Publications _publications;
    private readonly TimeSpan _patience;
    private readonly Lock _gate = new();
    private readonly SortedSet<int> _unanswered = [];
    private IConnection? _connection;
    private TaskCompletionSource? _rejoined;
    private Task _reconnecting = Task.CompletedTask;
    private volatile bool _isJoined;
    private volatile bool _isReconnecting;
    private volatile bool _isLeaving;
    private volatile bool _isClosed;

    public Member(int index, Transport transport, ReadingPace? pace, Subscriber subscriber, Func<Member, IConnection> dial, Publications publications, TimeSpan patience)
    {
        (Index, Transport, Pace, Subscriber, _dial, _publications, _patience) = (index, transport, pace, subscriber, dial, publications, patience);
        subscriber.Member = this;
    }

    public int Index { get; }
    public Transport Transport { get; }

    /// <summary>The pace of a slow reader; null for other members.</summary>
    public ReadingPace? Pace { get; }
    public Subscriber Subscriber { get; }

    /// <summary>Whether the member is in its room and may publish.</summary>
    public bool IsJoined => _isJoined;

    /// <summary>Whether the server closed the connection and the member does not reconnect.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>How often the server closed the connection or the session of this member because it reads slowly.</summary>
    public int ClosedAsSlow { get; private set; }

    /// <summary>The number of cuts by <see cref="Cut"/>.</summary>
    public int Cuts { get; private set; }

    /// <summary>Completes when the current reconnect has ended. Already complete if the member is not reconnecting.</summary>
    public Task Reconnecting
    {
        get { lock (_gate) return _reconnecting; }
    }

    public Task Ended => _isClosed ? Task.CompletedTask : _connection?.Ended ?? Task.CompletedTask;

    /// <summary>Connects for the first time and joins the room.</summary>
    /// <exception cref="FloodException">The server can't be reached, or it refused the connection or the join.</exception>
    public async Task JoinAsync(CancellationToken cancel)
    {
        _connection = _dial(this);
        await _connection.OpenAsync(cancel);
        await Subscriber.Joined.WaitAsync(cancel);
    }

    /// <summary>Sends a message of the run. If the member is not joined, it sends the message after it has joined again.</summary>
    public void Publish(int number, byte[] frame)
    {
        lock (_gate) _unanswered.Add(number);
        if (_isJoined && _connection!.Send(frame)) return;
        _publications.MarkResent(number);
    }

    public void MarkAnswered(int number)
    {
        lock (_gate) _unanswered.Remove(number);
    }

    /// <summary>Sends a frame on a thread of the thread pool, because the send may block; see <see cref="IConnection.Send"/>.</summary>
    public void Send(byte[] frame) => ThreadPool.UnsafeQueueUserWorkItem(
        static it => it.Member._connection?.Send(it.Frame), (Member: this, Frame: frame), preferLocal: false);

    /// <summary>Called when the member has joined its room, for the first time or again. Sends all unanswered messages again.</summary>
    public void OnJoined()
    {
        _isJoined = true;
        _rejoined?.TrySetResult();
        int[] unanswered;
        lock (_gate) unanswered = [.. _unanswered];
        foreach (var number in unanswered)
        {
            _publications.MarkResent(number);
            Send(_publications.EncodeSay(Index, number));
        }
    }

    /// <summary>Called when a new session has started. The member must join its room again.</summary>
    public void OnSessionRestarted() => _isJoined = false;

    /// <summary>
    /// Whether the transport uses HTTP requests. With these transports a new session may start while the connection stays open.
    /// </summary>
    public bool UsesRequests => Transport.UsesHttpRequests();

    /// <summary>
    /// Called when a slow reader received a <c>bye</c>. With an HTTP transport, only the <c>bye</c> shows that the server closed the
    /// session.
    /// </summary>
    public void OnBye()
    {
        if (UsesRequests) ClosedAsSlow++;
    }

    /// <summary>Called when the connection has ended. Returns true if the server closed the connection and the member does not reconnect.</summary>
    public bool OnConnectionEnded(string? why)
    {
        _isJoined = false;
        _rejoined?.TrySetException(new FloodException(why ?? "the connection was cut"));
        if (why is null || _isLeaving || _isReconnecting) return false;
        if (Pace is null)
        {
            _isClosed = true;
            return true;
        }
        ClosedAsSlow++;
        _isReconnecting = true;
        lock (_gate) _reconnecting = Task.Run(() => ReconnectAsync(RetryDelay));
        return false;
    }

    /// <summary>
    /// Waits until the connection has received <paramref name="bytes"/> more bytes, cuts it, and reconnects after the time
    /// <paramref name="away"/>. Returns false if the member is not connected.
    /// </summary>
    public bool Cut(int bytes, TimeSpan away)
    {
        lock (_gate)
        {
            if (!_isJoined || _isReconnecting || _isClosed) return false;
            (_isReconnecting, _isJoined) = (true, false);
            Cuts++;
            _reconnecting = Task.Run(async () =>
            {
                _connection!.CutAfter(bytes);
                await Task.WhenAny(_connection.Ended, Task.Delay(CutTimeout, TimeProvider.System));
                _connection.Cut();
                await ReconnectAsync(away);
            });
            return true;
        }
    }

    public void Leave()
    {
        _isLeaving = true;
        _connection?.Leave();
    }

    public void Dispose() => _connection?.Dispose();

    private async Task ReconnectAsync(TimeSpan away)
    {
        var since = Stopwatch.GetTimestamp();
        var ended = _connection!.Ended;
        while (!_isLeaving)
        {
            await ended;
            _connection.Dispose();
            await Task.Delay(away, TimeProvider.System);
            try
            {
                _rejoined = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                using var limit = new CancellationTokenSource(_patience);
                _connection = _dial(this);
                ended = Task.CompletedTask; // a connection that fails to open never completes its Ended, so do not wait for that task
                await _connection.OpenAsync(limit.Token);
                ended = _connection.Ended;
                await _rejoined.Task.WaitAsync(limit.Token);
                _isReconnecting = false;
                return;
            }
            catch (Exception e) when (e is FloodException or OperationCanceledException)
            {
                _connection.Cut();
                away = RetryDelay;
                if (Stopwatch.GetElapsedTime(since) < _patience) continue;
                _isClosed = true;
                Subscriber.OnReconnectFailed(e is FloodException ? $"could not reconnect: {e.Message}" : $"could not reconnect within {_patience.TotalSeconds:0.#} s");
                return;
            }
        }
    }
}
