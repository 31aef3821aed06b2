using System.Globalization;

namespace RawSocketChat.Tests.Flood.Output;

/// <summary>The state of a run at one moment.</summary>
internal sealed record Snapshot
{
    /// <summary>Seconds since the scheduled time of the first message.</summary>
    public required double Seconds { get; init; }

    /// <summary>Whether the run is in its warm-up.</summary>
    public required bool IsWarmingUp { get; init; }
    public required int Sent { get; init; }
    public required int Scheduled { get; init; }

    /// <summary>Messages that were sent in the last second.</summary>
    public required double MessagesPerSecond { get; init; }

    /// <summary>Deliveries of the last second.</summary>
    public required double DeliveriesPerSecond { get; init; }

    /// <summary>The latency of the deliveries of the last second, from the scheduled times of the messages.</summary>
    public required Latency LastSecond { get; init; }

    /// <summary>Formats a latency of the last second. Returns a dash if the last second had no delivery.</summary>
    public string FormatLatency(double milliseconds) => LastSecond.Count == 0 ? "-" : milliseconds.ToString("0.00", CultureInfo.InvariantCulture);

    public required int Connected { get; init; }
    public required int Connections { get; init; }

    /// <summary>The current number of holes in <c>seq</c>. A hole does not count any more after the missing event has arrived.</summary>
    public required long Lost { get; init; }
    public required long Repeated { get; init; }
    public required long Altered { get; init; }

    /// <summary>CPU of the server in the last second, in percent of one core; null if its process is not known.</summary>
    public required double? ServerCpu { get; init; }
}

/// <summary>Shows the state of a run. Only one thread calls this interface, and that thread does not measure.</summary>
internal interface IRunDisplay
{
    void Show(Snapshot snapshot);

    /// <summary>Removes the display at the end of the run, before the report.</summary>
    void End();
}
