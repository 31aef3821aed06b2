namespace RawSocketChat.Server.Connections;

/// <summary>
/// Lets only a few callers work at the same time. Waiting callers get places round-robin by client address. So even if many callers of one address
/// wait, a caller of another address waits for at most one of them. Thread-safe.
/// </summary>
/// <param name="places">The number of callers that may work at the same time.</param>
/// <param name="time">The clock.</param>
public sealed class FairGate(int places, TimeProvider time)
{
    private readonly Lock _gate = new();

    // The waiting callers of each address, oldest first. _turns has each of these addresses once, in round-robin order.
    private readonly Dictionary<string, LinkedList<Waiting>> _waiting = [];
    private readonly Queue<string> _turns = [];
    private int _free = places;

    /// <summary>Waits for a place. The caller disposes of the result to release the place.</summary>
    /// <param name="remote">The client's address and port.</param>
    /// <param name="timeout">The maximum time to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null if no place was free in time.</returns>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public async Task<IDisposable?> EnterAsync(string remote, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var key = ClientAddress.GetKey(remote);
        Waiting waiting;
        lock (_gate)
        {
            if (TryEnter() is { } place)
                return place;
            if (!_waiting.TryGetValue(key, out var others))
            {
                _waiting.Add(key, others = []);
                _turns.Enqueue(key);
            }

            waiting = new Waiting(others);
            waiting.Node = others.AddLast(waiting);
        }

        await waiting.Entered.Task.WaitAsync(timeout, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            if (waiting.Node is null)
                return new Place(this);
            waiting.Others.Remove(waiting.Node);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return null;
    }

    /// <summary>Takes a place if one is free. The caller disposes of the result to release the place.</summary>
    public IDisposable? TryEnter()
    {
        lock (_gate)
        {
            if (_free == 0)
                return null;
            _free--;
            return new Place(this);
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            while (_turns.TryDequeue(out var key))
            {
                var others = _waiting[key];
                var next = others.First?.Value;
                if (next is not null)
                    others.RemoveFirst();
                if (others.Count > 0)
                    _turns.Enqueue(key);
                else
                    _waiting.Remove(key);
                if (next is null)
                    continue;
                next.Node = null;
                next.Entered.TrySetResult();
                return;
            }

            _free++;
        }
    }

    /// <summary>A caller that waits. The lock guards <see cref="Node"/>, which is null when the caller has a place.</summary>
    private sealed class Waiting(LinkedList<Waiting> others)
    {
        public LinkedList<Waiting> Others => others;

        public LinkedListNode<Waiting>? Node { get; set; }

        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Place(FairGate gate) : IDisposable
    {
        private int _isLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isLeft, 1) == 0)
                gate.Leave();
        }
    }
}
