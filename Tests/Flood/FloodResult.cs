using HdrHistogram;
using RawSocketChat.Tests.Flood.Goals;

namespace RawSocketChat.Tests.Flood;

/// <summary>What a flood found. Where <see cref="Failure"/> is set, it did not take place and the counts are zero (or those of a search's best step).</summary>
public sealed record FloodResult
{
    internal const int Fine = 0, Faulty = 1, BadOptions = 2, NoConnection = 3, OverThreshold = 4, Invalid = 5, Broken = 70, Interrupted = 130;

    /// <summary>Why nothing was sent, or a search did not come to its end, in one line.</summary>
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

    /// <summary>Messages that were sent once more, since their publisher had been cut off.</summary>
    public int SentAgain { get; init; }

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

    /// <summary>Messages that came with another text than was said, the sum of all subscribers.</summary>
    public long Altered { get; init; }

    /// <summary>Connections that the server ended.</summary>
    public int Closed { get; init; }

    /// <summary>How often slow readers were let go, and came back.</summary>
    public int LetGo { get; init; }

    /// <summary>Lines that were torn on purpose, and came back.</summary>
    public int Cuts { get; init; }

    public Latency FromDue { get; init; }
    public Latency FromSend { get; init; }
    public Latency Acks { get; init; }

    /// <summary>From due, of what came as somebody was back again.</summary>
    public Latency Recovery { get; init; }

    /// <summary>How much later than due messages left: the generator's own fault, not the server's.</summary>
    public Latency Lateness { get; init; }

    /// <summary>How long bytes lay before the generator read them: its own fault, too.</summary>
    public Latency Lag { get; init; }

    /// <summary>What the server's process took; null where it was not named.</summary>
    public ServerCost? Server { get; init; }

    /// <summary>Deliveries from the end of the warm-up on, to which the CPU times belong.</summary>
    public long MeasuredDeliveries { get; init; }

    /// <summary>This process's CPU time from the first message that is measured to the last delivery.</summary>
    public double GeneratorCpuSeconds { get; init; }
    public double GeneratorUserSeconds { get; init; }
    public double? GeneratorMicrosecondsPerDelivery => MeasuredDeliveries > 0 ? GeneratorCpuSeconds * 1e6 / MeasuredDeliveries : null;

    /// <summary>What the server complained of, most frequent first, in lines for a person.</summary>
    public IReadOnlyList<string> Complaints { get; init; } = [];

    /// <summary>Whether the sending was ended before its time (Ctrl+C).</summary>
    public bool WasInterrupted { get; init; }

    /// <summary>Why the run shows the generator and not the server; null where it does not.</summary>
    public string? InvalidBecause { get; init; }

    /// <summary>Conditions of <c>--fail</c> that were met.</summary>
    public IReadOnlyList<Threshold> Exceeded { get; init; } = [];

    /// <summary>Whether anything came otherwise than a room promises.</summary>
    public bool IsFaulty => Lost + Repeated + OutOfOrder + Disagreed + Altered + Refused + Unanswered + Closed > 0;

    /// <summary>
    /// The worst first: a loss is a loss however late it was seen, a run that was interrupted is not the one that was asked for, and an
    /// invalid one has no figures to hold against bounds.
    /// </summary>
    internal FloodResult Judged(FloodOptions options)
    {
        List<Threshold> exceeded = [.. options.Thresholds.Where(one => one.IsMetBy(this))];
        var judged = this with { InvalidBecause = Validity.Problem(options, Lateness, Lag, exceeded), Exceeded = exceeded };
        return judged with
        {
            ExitCode = judged.IsFaulty ? Faulty : judged.WasInterrupted ? Interrupted : judged.InvalidBecause is not null ? Invalid : judged.Exceeded.Count > 0 ? OverThreshold : Fine,
        };
    }

    /// <summary>A search in which no rate held is no better than its last flood, and never fine.</summary>
    internal FloodResult WithoutRate() => this with { ExitCode = ExitCode == Fine ? OverThreshold : ExitCode };

    /// <summary>The same figures, of something that did not come to its end.</summary>
    internal FloodResult Ending(int exitCode, string failure) => this with { ExitCode = exitCode, Failure = failure };

    internal static FloodResult Failed(int exitCode, string failure) => new() { Failure = failure, ExitCode = exitCode };
}

/// <summary>Percentiles in milliseconds.</summary>
public readonly record struct Latency(double P50, double P90, double P99, double P999, double Max, long Count)
{
    internal static Latency Of(LongHistogram microseconds) => microseconds.TotalCount == 0
        ? default
        : new Latency(At(microseconds, 50), At(microseconds, 90), At(microseconds, 99), At(microseconds, 99.9), At(microseconds, 100), microseconds.TotalCount);

    private static double At(LongHistogram microseconds, double percentile) => microseconds.GetValueAtPercentile(percentile) / 1000.0;
}

/// <summary>What the server's process took from the end of the warm-up to the last delivery.</summary>
/// <param name="CpuSeconds">CPU time, in user mode and in the kernel.</param>
/// <param name="Cores">The same by the time that passed.</param>
/// <param name="Rss">The most memory that was seen, in bytes.</param>
/// <param name="CpuMicrosecondsPerDelivery">Null where nothing was delivered.</param>
public sealed record ServerCost(double CpuSeconds, double Cores, long Rss, double? CpuMicrosecondsPerDelivery);
