using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;

namespace RawSocketChat.Server.Connections;

/// <summary>
/// A queue for the pumps (receive loops) that have used up their time slice. It resumes the pumps in order of arrival, on at most half of the
/// processors, with only a few work items in the thread pool. So new input of another connection waits for a few busy pumps, not for all of them.
/// Thread-safe.
/// </summary>
public sealed class BusyLane : IThreadPoolWorkItem, IValueTaskSource
{
    /// <summary>The number of pumps that run at the same time.</summary>
    public static readonly int MaxRunning = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>The only lane of the process. One lane is enough, because the process has only one thread pool.</summary>
    public static readonly BusyLane Shared = new();

    private readonly ConcurrentQueue<(Action<object?> Continue, object? State)> _waiting = new();

    // The number of this object's work items that run or are in the queue of the thread pool.
    private int _places;

    /// <summary>Lets other pumps run. The caller awaits the result, exactly once, and continues when its turn comes.</summary>
    public ValueTask YieldAsync() => new(this, token: 0);

    void IThreadPoolWorkItem.Execute()
    {
        if (_waiting.TryDequeue(out var pump))
            pump.Continue(pump.State);
        if (!_waiting.IsEmpty)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            return;
        }

        Interlocked.Decrement(ref _places);
        // A pump may have arrived after the check above, while all places were still taken.
        if (!_waiting.IsEmpty)
            TryQueue();
    }

    // An await asks for the status before it waits. The status is always Pending, because a pump that continued immediately would run outside the lane.
    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => ValueTaskSourceStatus.Pending;

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        _waiting.Enqueue((continuation, state));
        TryQueue();
    }

    void IValueTaskSource.GetResult(short token)
    {
    }

    private void TryQueue()
    {
        for (var places = Volatile.Read(ref _places); places < MaxRunning; places = Volatile.Read(ref _places))
        {
            if (Interlocked.CompareExchange(ref _places, places + 1, places) != places)
                continue;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            return;
        }
    }
}
