using System.Globalization;

namespace RawSocketChat.Tests.Flood.Output;

/// <summary>How a run stands, as of one moment.</summary>
internal sealed record Snapshot
{
    /// <summary>Since the first message was due.</summary>
    public required double Seconds { get; init; }

    /// <summary>Whether the warm-up is still going on.</summary>
    public required bool IsWarmingUp { get; init; }
    public required int Sent { get; init; }
    public required int Scheduled { get; init; }

    /// <summary>Of the last second.</summary>
    public required double MessagesPerSecond { get; init; }

    /// <summary>Of the last second.</summary>
    public required double DeliveriesPerSecond { get; init; }

    /// <summary>Deliveries of the last second, from when they were due.</summary>
    public required Latency LastSecond { get; init; }

    /// <summary>A figure of the last second, or a dash where nothing came in it.</summary>
    public string Of(double milliseconds) => LastSecond.Count == 0 ? "-" : milliseconds.ToString("0.00", CultureInfo.InvariantCulture);

    public required int Connected { get; init; }
    public required int Connections { get; init; }

    /// <summary>Holes so far: what is still on its way elsewhere counts, too, until it comes.</summary>
    public required long Lost { get; init; }
    public required long Repeated { get; init; }
    public required long Altered { get; init; }

    /// <summary>Percent of one core, in the last second; null where the server's process is not known.</summary>
    public required double? ServerCpu { get; init; }
}

/// <summary>Shows how a run stands. Called by a thread of its own, which measures nothing.</summary>
internal interface IRunDisplay
{
    void Show(Snapshot snapshot);

    /// <summary>The run is over; the report follows.</summary>
    void End();
}
