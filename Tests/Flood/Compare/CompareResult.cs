using System.Text.Json.Serialization;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>What one way cost; bytes and requests are of one client, times in milliseconds.</summary>
public sealed record WayResult
{
    public required string Way { get; init; }

    /// <summary>While somebody spoke.</summary>
    public required double Requests { get; init; }

    /// <summary>All bytes to the server while somebody spoke.</summary>
    public required double UpBytes { get; init; }

    /// <summary>All bytes from the server while somebody spoke, payload included.</summary>
    public required double DownBytes { get; init; }

    /// <summary>Headers and framing of both directions while somebody spoke; negative where compression saves more than that.</summary>
    public required double HeaderBytes { get; init; }

    /// <summary>The JSON that came while somebody spoke, as it is before compression.</summary>
    public required double PayloadBytes { get; init; }

    /// <summary>Bytes to the server in all of <see cref="CompareResult.IdleSeconds"/>, in which nobody spoke.</summary>
    public required double IdleUpBytes { get; init; }

    /// <summary>Bytes from it in the same time.</summary>
    public required double IdleDownBytes { get; init; }

    /// <summary>Both, for a minute: extrapolated where that was not measured (<see cref="CompareResult.IdleIsExtrapolated"/>).</summary>
    public required double IdleBytesAMinute { get; init; }

    /// <summary>From when the message was due to be sent until it had come: one clock.</summary>
    public required double P50 { get; init; }

    public required double P99 { get; init; }

    /// <summary>The same from when it was really sent.</summary>
    public required double FromSendP50 { get; init; }

    public required double FromSendP99 { get; init; }

    /// <summary>
    /// From when it was really sent until the server handed it to the connection, as told by its <c>wire</c> frames; null where it is not told (raw TCP),
    /// or its clock is another machine's.
    /// </summary>
    public required double? ServerToWireP50 { get; init; }

    public required double? ServerToWireP99 { get; init; }

    /// <summary>From then until it had come.</summary>
    public required double? WireToClientP50 { get; init; }

    public required double? WireToClientP99 { get; init; }

    /// <summary>From a cut until the message that was said at the cut had come; the median of all clients.</summary>
    public required double BackAfterCut { get; init; }

    /// <summary>Deliveries that did not come, over all clients.</summary>
    public required long Lost { get; init; }

    /// <summary>Deliveries that came again, over all clients.</summary>
    public required long Repeated { get; init; }

    /// <summary>Deliveries that came after a newer one, over all clients; they are not lost.</summary>
    public required long OutOfOrder { get; init; }
}

/// <summary>What a comparison found. The form of <c>--json</c>; <see cref="Version"/> changes where a field changes its meaning.</summary>
public sealed record CompareResult
{
    [JsonPropertyOrder(-1)]
    public int Version { get; init; } = 2;

    public required string At { get; init; }

    public required int ConnectionsOfEachWay { get; init; }

    public required int Messages { get; init; }

    public required int TextBytes { get; init; }

    public required double Seconds { get; init; }

    public required double IdleSeconds { get; init; }

    public required double PollIntervalSeconds { get; init; }

    /// <summary>How much later than due messages were sent, in milliseconds: the comparison's own fault.</summary>
    public required double SentLateP99 { get; init; }

    public required IReadOnlyList<WayResult> Ways { get; init; }

    /// <summary>Ways that were asked for and are not to be had there, each with why.</summary>
    public required IReadOnlyList<string> LeftOut { get; init; }

    /// <summary>Whether the bytes of an idle minute were not measured for a minute.</summary>
    public bool IdleIsExtrapolated => IdleSeconds is > 0 and not 60;

    [JsonIgnore]
    public int ExitCode => Ways.Sum(way => way.Lost + way.Repeated + way.OutOfOrder) > 0 ? FloodResult.Faulty : FloodResult.Fine;
}
