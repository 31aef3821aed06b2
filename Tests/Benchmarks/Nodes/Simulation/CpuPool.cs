namespace RawSocketChat.Tests.Benchmarks.Nodes.Simulation;

/// <summary>The cores of a simulated machine. They run jobs in turn, in slices, as the scheduler of an operating system does.</summary>
/// <param name="clock">The simulated clock.</param>
/// <param name="cores">The number of cores.</param>
/// <param name="speed">The share of each core that is free for the jobs.</param>
internal sealed class CpuPool(SimulatedClock clock, int cores, double speed = 1)
{
    // One millisecond: short against a commit with many messages, so that a short job does not wait for a whole long one.
    private const double Slice = 1e-3;

    private readonly Queue<(double Seconds, Action Then)> _ready = new();
    private int _running;

    /// <summary>The processor seconds used so far.</summary>
    public double Used { get; private set; }

    /// <summary>Uses processor time on one core, and then runs an action.</summary>
    public void Run(double seconds, Action then)
    {
        _ready.Enqueue((seconds, then));
        Start();
    }

    private void Start()
    {
        while (_running < cores && _ready.TryDequeue(out var job))
        {
            _running++;
            var slice = Math.Min(Slice, job.Seconds);
            clock.After(slice / speed, () =>
            {
                _running--;
                Used += slice;
                if (job.Seconds > slice)
                    _ready.Enqueue((job.Seconds - slice, job.Then));
                else
                    job.Then();
                Start();
            });
        }
    }
}
