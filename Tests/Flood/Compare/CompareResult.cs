using System.Text.Json.Serialization;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>What one way cost; bytes and requests are of one client.</summary>
public sealed record WayResult
{
    public required string Way { get; init; }

    /// <summary>While somebody spoke.</summary>
    public required double Requests { get; init; }

    /// <summary>Headers and framing of both directions while somebody spoke.</summary>
    public required double HeaderBytes { get; init; }

    /// <summary>The JSON that came while somebody spoke.</summary>
    public required double PayloadBytes { get; init; }

    /// <summary>All bytes of a minute in which nobody speaks.</summary>
    public required double IdleBytesAMinute { get; init; }

    /// <summary>From before the message was sent until it had come, in milliseconds: one clock.</summary>
    public required double P50 { get; init; }

    public required double P99 { get; init; }

    /// <summary>
    /// From the server's stamp (the message's <c>at</c>: taken as it is stored, just before the commit, and cut to the millisecond)
    /// until it had come. By two clocks, which are one on one machine.
    /// </summary>
    public required double StoredP50 { get; init; }

    public required double StoredP99 { get; init; }

    /// <summary>From a cut until the message that was said at the cut had come; the median of all clients, in milliseconds.</summary>
    public required double BackAfterCut { get; init; }

    public required long Lost { get; init; }

    public required long Repeated { get; init; }
}

/// <summary>What a comparison found. The form of <c>--json</c>; <see cref="Version"/> changes where a field changes its meaning.</summary>
public sealed record CompareResult
{
    [JsonPropertyOrder(-1)]
    public int Version { get; init; } = 1;

    public required string At { get; init; }

    public required int ConnectionsOfEachWay { get; init; }

    public required int Messages { get; init; }

    public required double Seconds { get; init; }

    public required double IdleSeconds { get; init; }

    public required double PollIntervalSeconds { get; init; }

    public required IReadOnlyList<WayResult> Ways { get; init; }

    [JsonIgnore]
    public int ExitCode => Ways.Sum(way => way.Lost + way.Repeated) > 0 ? FloodResult.Faulty : FloodResult.Fine;
}
