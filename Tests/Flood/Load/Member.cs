using System.Diagnostics;
using RawSocketChat.Tests.Flood.Checks;
using RawSocketChat.Tests.Flood.Ways;

namespace RawSocketChat.Tests.Flood.Load;

/// <summary>One person of the flood: one connection after the other, one judgement of what came by all of them.</summary>
internal sealed class Member : IDisposable
{
    // So long a cut waits for the bytes after which it is due.
    private static readonly TimeSpan CutWithin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromMilliseconds(200);

    private readonly Func<Member, IConnection> _dial;
    private readonly Publications _publications;
    private readonly TimeSpan _patience;
    private readonly Lock _gate = new();
    private readonly SortedSet<int> _unanswered = [];
    private IConnection? _connection;
    private TaskCompletionSource? _back;
    private Task _returning = Task.CompletedTask;
    private volatile bool _isIn;
    private volatile bool _isAway;
    private volatile bool _isLeaving;
    private volatile bool _isOver;

    public Member(int index, WayIn way, ReadingPace? pace, Subscriber subscriber, Func<Member, IConnection> dial, Publications publications, TimeSpan patience)
    {
        (Index, Way, Pace, Subscriber, _dial, _publications, _patience) = (index, way, pace, subscriber, dial, publications, patience);
        subscriber.Member = this;
    }

    public int Index { get; }
    public WayIn Way { get; }

    /// <summary>Not null for a slow reader.</summary>
    public ReadingPace? Pace { get; }
    public Subscriber Subscriber { get; }

    /// <summary>Whether it may speak.</summary>
    public bool IsIn => _isIn;

    /// <summary>Whether it is gone for good: the server ended it.</summary>
    public bool IsOver => _isOver;

    /// <summary>How often a slow reader was let go.</summary>
    public int LetGo { get; private set; }

    /// <summary>How often its line was torn.</summary>
    public int Cuts { get; private set; }

    /// <summary>Completed when it is not on its way back.</summary>
    public Task Settled
    {
        get { lock (_gate) return _returning; }
    }

    public Task Ended => _isOver ? Task.CompletedTask : _connection?.Ended ?? Task.CompletedTask;

    /// <summary>Connects for the first time, says who it is, and joins its room.</summary>
    /// <exception cref="FloodException">The server is not there or refused.</exception>
    public async Task JoinAsync(CancellationToken cancel)
    {
        _connection = _dial(this);
        await _connection.OpenAsync(cancel);
        await Subscriber.Joined.WaitAsync(cancel);
    }

    /// <summary>Sends a message of the run, now or when it is back.</summary>
    public void Say(int number, byte[] frame)
    {
        lock (_gate) _unanswered.Add(number);
        if (_isIn && _connection!.Send(frame)) return;
        _publications.Again(number);
    }

    public void Answered(int number)
    {
        lock (_gate) _unanswered.Remove(number);
    }

    /// <summary>Sends on, from a thread that may block.</summary>
    public void Send(byte[] frame) => ThreadPool.UnsafeQueueUserWorkItem(
        static it => it.Member._connection?.Send(it.Frame), (Member: this, Frame: frame), preferLocal: false);

    /// <summary>The subscriber is in its room, for the first time or again.</summary>
    public void CameIn()
    {
        _isIn = true;
        _back?.TrySetResult();
        int[] again;
        lock (_gate) again = [.. _unanswered];
        foreach (var number in again)
        {
            _publications.Again(number);
            Send(_publications.Say(Index, number));
        }
    }

    /// <summary>The session has begun anew, and the room is to be joined again.</summary>
    public void WentOut() => _isIn = false;

    /// <summary>Whether it comes by plain requests, whose session may begin anew without its connection ending.</summary>
    public bool IsByRequests => Way is WayIn.Poll or WayIn.LongPoll or WayIn.Sse or WayIn.Stream or WayIn.IFrame;

    /// <summary>A slow reader was told that it is let go: by plain requests nothing else says so.</summary>
    public void SaidGoodbye()
    {
        if (IsByRequests) LetGo++;
    }

    /// <summary>The connection is over. Gives whether that is the end of this member, against our wish.</summary>
    public bool Ends(string? why)
    {
        _isIn = false;
        _back?.TrySetException(new FloodException(why ?? "the connection was cut"));
        if (why is null || _isLeaving || _isAway) return false;
        if (Pace is null)
        {
            _isOver = true;
            return true;
        }
        LetGo++;
        _isAway = true;
        lock (_gate) _returning = Task.Run(() => ReturnAsync(TryAgainAfter));
        return false;
    }

    /// <summary>Tears the line after some more bytes, and comes back after a while. False: it is not there to be cut.</summary>
    public bool Cut(int bytes, TimeSpan away)
    {
        lock (_gate)
        {
            if (!_isIn || _isAway || _isOver) return false;
            (_isAway, _isIn) = (true, false);
            Cuts++;
            _returning = Task.Run(async () =>
            {
                _connection!.CutAfter(bytes);
                await Task.WhenAny(_connection.Ended, Task.Delay(CutWithin, TimeProvider.System));
                _connection.Cut();
                await ReturnAsync(away);
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

    private async Task ReturnAsync(TimeSpan away)
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
                _back = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                using var limit = new CancellationTokenSource(_patience);
                _connection = _dial(this);
                ended = Task.CompletedTask; // what never opened never ends
                await _connection.OpenAsync(limit.Token);
                ended = _connection.Ended;
                await _back.Task.WaitAsync(limit.Token);
                _isAway = false;
                return;
            }
            catch (Exception e) when (e is FloodException or OperationCanceledException)
            {
                _connection.Cut();
                away = TryAgainAfter;
                if (Stopwatch.GetElapsedTime(since) < _patience) continue;
                _isOver = true;
                Subscriber.GoneFor(e is FloodException ? $"could not come back: {e.Message}" : $"could not come back within {_patience.TotalSeconds:0.#} s");
                return;
            }
        }
    }
}
