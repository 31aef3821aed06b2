using System.Diagnostics;
using HdrHistogram;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>What has come to one client: each message of the comparison once, in order, and how long it took.</summary>
internal sealed class Arrivals(LatencyClock clock, LongHistogram whole, LongHistogram afterStored)
{
    private readonly Lock _gate = new();
    private long _newest;
    private TaskCompletionSource? _next;
    private long _wanted;
    private long _count;

    /// <summary>The newest seq that came.</summary>
    public long Newest => Volatile.Read(ref _newest);

    /// <summary>Messages of this comparison.</summary>
    public long Count => Volatile.Read(ref _count);

    public long Repeated { get; private set; }

    /// <summary>Holes in the seqs.</summary>
    public long Lost { get; private set; }

    /// <summary>The room's newest seq as the client joined for the first time.</summary>
    public void Begin(long seq) => Volatile.Write(ref _newest, seq);

    /// <summary>Completes when so many messages of this comparison have come.</summary>
    public Task HasAsync(long count)
    {
        lock (_gate)
        {
            if (Count >= count)
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
            TryAdvance(seq);
    }

    public void Add(MessageFrame message)
    {
        var now = Stopwatch.GetTimestamp();
        var wall = TimeProvider.System.GetUtcNow();
        lock (_gate)
        {
            if (!TryAdvance(message.Seq))
                return;
            if (clock.TryRead(message.Text, out var sentAt))
            {
                Volatile.Write(ref _count, _count + 1);
                Record(whole, Stopwatch.GetElapsedTime(sentAt, now));
                Record(afterStored, wall - message.At);
            }

            if (_next is not null && Count >= _wanted)
                _next.TrySetResult();
        }
    }

    private bool TryAdvance(long seq)
    {
        if (seq <= Newest)
        {
            Repeated++;
            return false;
        }

        Lost += seq - Newest - 1;
        Volatile.Write(ref _newest, seq);
        return true;
    }

    private static void Record(LongHistogram histogram, TimeSpan time)
    {
        lock (histogram)
            histogram.RecordValue(Math.Max(0, (long)time.TotalMicroseconds));
    }
}

/// <summary>Writes the moment of sending into a text, and reads it there: one clock, since both are this process.</summary>
/// <param name="run">Tells this run's messages from what others say.</param>
/// <param name="bytes">How long a text is.</param>
internal sealed class LatencyClock(string run, int bytes)
{
    public string Write(int number) => $"{run} {number} {Stopwatch.GetTimestamp()} ".PadRight(bytes, 'x');

    public bool TryRead(string text, out long sentAt)
    {
        sentAt = 0;
        var parts = text.Split(' ');
        return parts.Length > 3 && parts[0] == run && long.TryParse(parts[2], out sentAt);
    }
}
