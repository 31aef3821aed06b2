namespace RawSocketChat.Tests.Benchmarks.Nodes.Simulation;

/// <summary>The clock of a discrete simulation. It runs actions in the order of their times, and at the same time in the order of their calls.</summary>
internal sealed class SimulatedClock
{
    private readonly PriorityQueue<Action, (double At, long Order)> _waiting = new();
    private long _order;

    /// <summary>The simulated time, in seconds.</summary>
    public double Now { get; private set; }

    /// <summary>Runs an action after some simulated seconds.</summary>
    public void After(double seconds, Action action) => _waiting.Enqueue(action, (Now + seconds, _order++));

    /// <summary>Runs all actions up to a time.</summary>
    public void RunUntil(double end)
    {
        while (_waiting.TryPeek(out _, out var next) && next.At <= end)
        {
            Now = next.At;
            _waiting.Dequeue()();
        }

        Now = end;
    }
}
