using System.Text.Json.Serialization;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>The result of one transport. Bytes and requests are for one client, times in milliseconds.</summary>
public sealed record TransportResult
{
    /// <summary>The name of the transport.</summary>
    [JsonPropertyName("way")]
    public required string Transport { get; init; }

    /// <summary>HTTP requests while messages were published.</summary>
    public required double Requests { get; init; }

    /// <summary>All bytes to the server while messages were published.</summary>
    public required double UpBytes { get; init; }

    /// <summary>All bytes from the server while messages were published, including the payload.</summary>
    public required double DownBytes { get; init; }

    /// <summary>
    /// Headers and framing in both directions while messages were published; negative if compression saves more bytes than the framing
    /// adds.
    /// </summary>
    public required double HeaderBytes { get; init; }

    /// <summary>The received JSON while messages were published, before compression.</summary>
    public required double PayloadBytes { get; init; }

    /// <summary>Bytes to the server during <see cref="CompareResult.IdleSeconds"/>.</summary>
    public required double IdleUpBytes { get; init; }

    /// <summary>Bytes from the server during <see cref="CompareResult.IdleSeconds"/>.</summary>
    public required double IdleDownBytes { get; init; }

    /// <summary>Bytes in both directions, for one minute without messages. See <see cref="CompareResult.IdleIsExtrapolated"/>.</summary>
    public required double IdleBytesAMinute { get; init; }

    /// <summary>The time from the scheduled time of a message until the message arrived, measured with one clock.</summary>
    public required double P50 { get; init; }

    public required double P99 { get; init; }

    /// <summary>The time from when a message was sent until it arrived.</summary>
    public required double FromSendP50 { get; init; }

    public required double FromSendP99 { get; init; }

    /// <summary>
    /// The time from the client's send until the server handed the message to the connection, as reported in the server's <c>wire</c>
    /// frames. Null for raw TCP, which has no <c>wire</c> frames, and for a server with another clock.
    /// </summary>
    public required double? ServerToWireP50 { get; init; }

    public required double? ServerToWireP99 { get; init; }

    /// <summary>The time from when the server handed the message to the connection until the message arrived.</summary>
    public required double? WireToClientP50 { get; init; }

    public required double? WireToClientP99 { get; init; }

    /// <summary>
    /// Milliseconds from a cut until the client received the message that was published at the cut; the median of all clients.
    /// </summary>
    [JsonPropertyName("backAfterCut")]
    public required double ReconnectMilliseconds { get; init; }

    /// <summary>Messages that did not arrive, over all clients.</summary>
    public required long Lost { get; init; }

    /// <summary>Arrivals of events that had already arrived, over all clients.</summary>
    public required long Repeated { get; init; }

    /// <summary>Messages that arrived after a later one, over all clients. They don't count as lost.</summary>
    public required long OutOfOrder { get; init; }
}

/// <summary>The result of a comparison, in the format of <c>--json</c>. <see cref="Version"/> changes when a field changes its meaning.</summary>
public sealed record CompareResult
{
    [JsonPropertyOrder(-1)]
    public int Version { get; init; } = 2;

    public required string At { get; init; }

    [JsonPropertyName("connectionsOfEachWay")]
    public required int ConnectionsPerTransport { get; init; }

    public required int Messages { get; init; }

    public required int TextBytes { get; init; }

    public required double Seconds { get; init; }

    public required double IdleSeconds { get; init; }

    public required double PollIntervalSeconds { get; init; }

    /// <summary>The time from the scheduled time of a message until this tool sent the message, in milliseconds.</summary>
    public required double SentLateP99 { get; init; }

    [JsonPropertyName("ways")]
    public required IReadOnlyList<TransportResult> Transports { get; init; }

    /// <summary>Requested transports that are not available, each with the reason.</summary>
    public required IReadOnlyList<string> LeftOut { get; init; }

    /// <summary>Whether the bytes of an idle minute are extrapolated from a shorter or longer time.</summary>
    public bool IdleIsExtrapolated => IdleSeconds is > 0 and not 60;

    [JsonIgnore]
    public int ExitCode => Transports.Sum(transport => transport.Lost + transport.Repeated + transport.OutOfOrder) > 0 ? FloodResult.Faulty : FloodResult.Success;
}
