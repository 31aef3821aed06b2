using HdrHistogram;

namespace RawSocketChat.Tests.Flood;

/// <summary>What a flood found. Where <see cref="Failure"/> is set, it did not take place and the counts are zero.</summary>
public sealed record FloodResult
{
    internal const int Fine = 0, Faulty = 1, BadOptions = 2, NoConnection = 3, Interrupted = 130;

    /// <summary>Why nothing was sent, in one line.</summary>
    public string? Failure { get; private init; }

    /// <summary>The process's exit code, as <c>--help</c> lists them.</summary>
    public int ExitCode { get; private init; }

    public int Connections { get; init; }
    public double ConnectSeconds { get; init; }

    /// <summary>Messages of the schedule, and how many of them left.</summary>
    public int Scheduled { get; init; }
    public int Sent { get; init; }
    public int Acknowledged { get; init; }
    public int Refused { get; init; }
    public int Unanswered => Sent - Acknowledged - Refused;

    /// <summary>Messages that came to a subscriber, each counted once for each of them.</summary>
    public long Deliveries { get; init; }

    /// <summary>From the first message's due time to the last arrival.</summary>
    public double DeliverySeconds { get; init; }

    /// <summary>
    /// Acknowledged messages that a subscriber never saw, or holes in the log that it saw, whichever is more; the sum of
    /// all subscribers.
    /// </summary>
    public long Lost { get; init; }
    public long Repeated { get; init; }
    public long OutOfOrder { get; init; }

    /// <summary>Messages that had another place in the log for one subscriber than for another.</summary>
    public long Disagreed { get; init; }

    /// <summary>Connections that the server ended.</summary>
    public int Closed { get; init; }

    public Latency FromDue { get; init; }
    public Latency FromSend { get; init; }
    public Latency Acks { get; init; }

    /// <summary>How much later than due messages left: the generator's own fault, not the server's.</summary>
    public Latency Lateness { get; init; }

    /// <summary>This process's CPU time from the first message to the last delivery.</summary>
    public double GeneratorCpuSeconds { get; init; }
    public double GeneratorUserSeconds { get; init; }

    /// <summary>What the server complained of, most frequent first, in lines for a person.</summary>
    public IReadOnlyList<string> Complaints { get; init; } = [];

    internal FloodResult Judged() => this with
    {
        ExitCode = Lost + Repeated + OutOfOrder + Disagreed + Refused + Unanswered + Closed > 0 ? Faulty : Fine,
    };

    internal static FloodResult Failed(int exitCode, string failure) => new() { Failure = failure, ExitCode = exitCode };
}

/// <summary>Percentiles in milliseconds.</summary>
public readonly record struct Latency(double P50, double P90, double P99, double Max)
{
    internal static Latency Of(LongHistogram microseconds) => microseconds.TotalCount == 0
        ? default
        : new Latency(At(microseconds, 50), At(microseconds, 90), At(microseconds, 99), At(microseconds, 100));

    private static double At(LongHistogram microseconds, double percentile) => microseconds.GetValueAtPercentile(percentile) / 1000.0;
}
