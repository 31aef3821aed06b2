using HdrHistogram;
using RawSocketChat.Tests.Flood.Goals;

namespace RawSocketChat.Tests.Flood;

/// <summary>
/// The result of a run, or of a search. If <see cref="Failure"/> is set, either there was no run, or a search stopped early. Without a run,
/// all counts are zero. After a search that stopped early, the counts are those of the best step.
/// </summary>
public sealed record FloodResult
{
    internal const int Success = 0, Faulty = 1, BadOptions = 2, NoConnection = 3, OverThreshold = 4, Invalid = 5, InternalError = 70, Interrupted = 130;

    /// <summary>Why there was no run, or why a search stopped early, in one line; otherwise null.</summary>
    public string? Failure { get; private init; }

    /// <summary>The exit code of the process. <c>--help</c> lists all exit codes.</summary>
    public int ExitCode { get; private init; }

    public int Connections { get; init; }
    public double ConnectSeconds { get; init; }

    /// <summary>Number of messages in the schedule.</summary>
    public int Scheduled { get; init; }
    public int Sent { get; init; }
    public int Acknowledged { get; init; }
    public int Refused { get; init; }
    public int Unanswered => Sent - Acknowledged - Refused;

    /// <summary>Messages that were sent again, because the connection of the publisher ended before the answer arrived.</summary>
    public int Resent { get; init; }

    /// <summary>Messages that arrived, counted once for each subscriber.</summary>
    public long Deliveries { get; init; }

    /// <summary>Seconds from the scheduled time of the first message to the last arrival.</summary>
    public double DeliverySeconds { get; init; }

    /// <summary>
    /// Adds, for each subscriber, the larger of two numbers: the acknowledged messages that did not arrive, and the holes in the received
    /// <c>seq</c>.
    /// </summary>
    public long Lost { get; init; }
    public long Repeated { get; init; }
    public long OutOfOrder { get; init; }

    /// <summary>Messages that came from another room, or whose <c>seq</c> differs between subscribers.</summary>
    public long SeqConflicts { get; init; }

    /// <summary>Messages whose text differs from the published text; the sum over all subscribers.</summary>
    public long Altered { get; init; }

    /// <summary>Members whose connection or session the server ended although they did not read slowly.</summary>
    public int Closed { get; init; }

    /// <summary>How often the server closed the connection of a slow reader, which then reconnected.</summary>
    public int ClosedAsSlow { get; init; }

    /// <summary>The number of cuts by <c>--churn</c>. After a cut, the member reconnects.</summary>
    public int Cuts { get; init; }

    public Latency FromDue { get; init; }
    public Latency FromSend { get; init; }
    public Latency Acks { get; init; }

    /// <summary>The latency, from the scheduled time, of messages that arrived as catch-up after a reconnect.</summary>
    public Latency Recovery { get; init; }

    /// <summary>The time from the scheduled time of a message until the message was sent. This tool causes the delay, not the server.</summary>
    public Latency Lateness { get; init; }

    /// <summary>The time that received bytes waited until this tool read them. This tool causes the delay, not the server.</summary>
    public Latency Lag { get; init; }

    /// <summary>CPU time and memory of the server's process; null if the process is not known.</summary>
    public ServerCost? Server { get; init; }

    /// <summary>Deliveries after the warm-up; the CPU times cover the same period.</summary>
    public long MeasuredDeliveries { get; init; }

    /// <summary>CPU time of this process from the first measured message to the last delivery.</summary>
    public double GeneratorCpuSeconds { get; init; }
    public double GeneratorUserSeconds { get; init; }
    public double? GeneratorMicrosecondsPerDelivery => MeasuredDeliveries > 0 ? GeneratorCpuSeconds * 1e6 / MeasuredDeliveries : null;

    /// <summary>Errors from the server and other problems, most frequent first, each as a line of text.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Whether the run was interrupted (Ctrl+C).</summary>
    public bool WasInterrupted { get; init; }

    /// <summary>Why the run is invalid; null for a valid run.</summary>
    public string? InvalidReason { get; init; }

    /// <summary>The conditions of <c>--fail</c> that were met.</summary>
    public IReadOnlyList<Threshold> MetThresholds { get; init; } = [];

    /// <summary>Whether a message or a connection had a fault.</summary>
    public bool IsFaulty => Lost + Repeated + OutOfOrder + SeqConflicts + Altered + Refused + Unanswered + Closed > 0;

    /// <summary>
    /// Sets the exit code. If several exit codes apply, the first one of this list is used: faults, interrupted, invalid, a condition was
    /// met. Faults come first, because the server caused them even if this tool was slow. An invalid run comes before a condition that was
    /// met, because the figures of an invalid run are not those of the server.
    /// </summary>
    internal FloodResult Evaluate(FloodOptions options)
    {
        List<Threshold> metThresholds = [.. options.Thresholds.Where(one => one.IsMetBy(this))];
        var evaluated = this with { InvalidReason = Validity.FindProblem(options, Lateness, Lag, metThresholds), MetThresholds = metThresholds };
        return evaluated with
        {
            ExitCode = evaluated.IsFaulty ? Faulty : evaluated.WasInterrupted ? Interrupted : evaluated.InvalidReason is not null ? Invalid : evaluated.MetThresholds.Count > 0 ? OverThreshold : Success,
        };
    }

    /// <summary>Returns the result of a search in which no rate passed. The exit code of this result is never 0.</summary>
    internal FloodResult WithNoRateFound() => this with { ExitCode = ExitCode == Success ? OverThreshold : ExitCode };

    /// <summary>Returns the same figures with the exit code and failure of a search that stopped early.</summary>
    internal FloodResult WithFailure(int exitCode, string failure) => this with { ExitCode = exitCode, Failure = failure };

    internal static FloodResult CreateFailure(int exitCode, string failure) => new() { Failure = failure, ExitCode = exitCode };
}

/// <summary>Latency percentiles in milliseconds.</summary>
public readonly record struct Latency(double P50, double P90, double P99, double P999, double Max, long Count)
{
    internal static Latency FromHistogram(LongHistogram microseconds) => microseconds.TotalCount == 0
        ? default
        : new Latency(GetPercentile(microseconds, 50), GetPercentile(microseconds, 90), GetPercentile(microseconds, 99), GetPercentile(microseconds, 99.9), GetPercentile(microseconds, 100), microseconds.TotalCount);

    private static double GetPercentile(LongHistogram microseconds, double percentile) => microseconds.GetValueAtPercentile(percentile) / 1000.0;
}

/// <summary>CPU time and memory of the server's process, from the end of the warm-up to the last delivery.</summary>
/// <param name="CpuSeconds">CPU time in user mode and in the kernel.</param>
/// <param name="Cores">CPU time divided by elapsed time.</param>
/// <param name="Rss">The largest memory that was read, in bytes.</param>
/// <param name="CpuMicrosecondsPerDelivery">CPU time for each delivery, in microseconds; null without deliveries.</param>
public sealed record ServerCost(double CpuSeconds, double Cores, long Rss, double? CpuMicrosecondsPerDelivery);
