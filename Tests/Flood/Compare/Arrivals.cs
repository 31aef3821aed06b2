using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>What has come to one client: each message of the comparison once, in order, and how long it took.</summary>
/// <param name="clock">Reads when a message was sent.</param>
/// <param name="delays">Where the times go.</param>
/// <param name="time">The stopwatch, and the wall's clock, which has to be the server's.</param>
internal sealed class Arrivals(LatencyClock clock, Delays delays, TimeProvider time)
{
    // Far more than a run has messages; a room whose seqs jump by more is another room.
    private const int MostMissing = 100_000;

    private readonly Lock _gate = new();
    private readonly HashSet<long> _missing = [];
    private readonly List<(long SentAt, long CameAt)> _unstamped = [];
    private long _newest;
    private TaskCompletionSource? _next;
    private long _wanted;
    private long _count;

    /// <summary>The newest seq that came.</summary>
    public long Newest => Volatile.Read(ref _newest);

    /// <summary>Messages of this comparison.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>What came a second time.</summary>
    public long Repeated { get; private set; }

    /// <summary>What came after something newer.</summary>
    public long OutOfOrder { get; private set; }

    /// <summary>Seqs below the newest that have not come.</summary>
    public long Holes { get; private set; }

    /// <summary>The room's newest seq as the client joined for the first time.</summary>
    public void Begin(long seq) => Volatile.Write(ref _newest, seq);

    /// <summary>Completes when so many messages of this comparison have come, or were passed over by newer ones.</summary>
    public Task HasAsync(long count)
    {
        lock (_gate)
        {
            if (Count + Holes >= count)
                return Task.CompletedTask;
            _wanted = count;
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _next.Task;
        }
    }

    /// <summary>Something else of the room's log, which takes a seq too.</summary>
    public void Pass(long seq)
    {
        lock (_gate)
            TryPlace(seq);
    }

    public void Add(MessageFrame message)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            if (!TryPlace(message.Seq))
                return;
            if (clock.TryRead(message.Text, out var number, out var dueAt, out var sentAt))
            {
                Volatile.Write(ref _count, _count + 1);
                if (number != LatencyClock.Untimed)
                {
                    delays.Came(dueAt, sentAt, now);
                    _unstamped.Add((sentAt, now));
                }
            }

            if (_next is not null && Count + Holes >= _wanted)
                _next.TrySetResult();
        }
    }

    /// <summary>The server tells when it handed over what has come since it last did.</summary>
    public void Stamp(WireFrame stamp)
    {
        var wireAt = Delays.OnStopwatch(stamp.At, time);
        lock (_gate)
        {
            foreach (var (sentAt, cameAt) in _unstamped)
                delays.Split(sentAt, wireAt, cameAt);
            _unstamped.Clear();
        }
    }

    /// <summary>The line was cut: no stamp will come for what came by it.</summary>
    public void Forget()
    {
        lock (_gate)
            _unstamped.Clear();
    }

    // False: it has come before.
    private bool TryPlace(long seq)
    {
        if (seq > Newest)
        {
            Holes += seq - Newest - 1;
            for (var missing = Newest + 1; missing < seq && _missing.Count < MostMissing; missing++)
                _missing.Add(missing);
            Volatile.Write(ref _newest, seq);
            return true;
        }

        if (_missing.Remove(seq))
        {
            Holes--;
            OutOfOrder++;
            return true;
        }

        Repeated++;
        return false;
    }
}
