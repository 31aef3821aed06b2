using System.Globalization;
using RawSocketChat.Tests.Flood.Goals;
using RawSocketChat.Tests.Flood.Load;
using RawSocketChat.Tests.Flood.Transports;

namespace RawSocketChat.Tests.Flood;

/// <summary>The options of a run. <see cref="FindProblem"/> checks them; its messages name the command-line option.</summary>
public sealed record FloodOptions
{
    /// <summary>The highest <see cref="Rate"/>.</summary>
    internal const int MaxRate = 1_000_000;

    /// <summary>The largest number of messages in a run, including its warm-up.</summary>
    internal const int MaxMessages = 10_000_000;

    /// <summary>
    /// The server's WebSocket address. The scheme must be <c>ws</c>. The host must be loopback unless <see cref="AllowRemote"/> is true.
    /// </summary>
    public Uri Url { get; init; } = new("ws://localhost:5080/ws");

    /// <summary>The raw TCP port on the same host.</summary>
    public int RawPort { get; init; } = 5081;

    /// <summary>The <c>wss</c> address for WebSockets over HTTP/2. Only that transport needs it.</summary>
    public Uri? Http2Url { get; init; }

    public TransportMix Transports { get; init; } = TransportMix.Default;

    /// <summary>Number of connections, 1 to 100,000. Each connection joins a room and checks every message of this room.</summary>
    public int Connections { get; init; } = 1000;

    /// <summary>Messages a second of all publishers in all rooms together. With 0 the run only keeps the connections open.</summary>
    public double Rate { get; init; } = 100;

    /// <summary>
    /// Seconds in which messages are published and measured; up to 3,600. With rate 0, the seconds in which the connections stay open.
    /// </summary>
    public double Seconds { get; init; } = 10;

    /// <summary>The length of the warm-up before <see cref="Seconds"/>, in seconds; up to 600. Its messages are checked but not
    /// measured.</summary>
    public double WarmUp { get; init; }

    /// <summary>The name of the room. If there are several rooms, their names begin with this name. Rooms that don't exist are created.</summary>
    public string Room { get; init; } = "lobby";

    /// <summary>Number of rooms, 1 to 10,000. Connections, publishers and messages are distributed over the rooms.</summary>
    public int Rooms { get; init; } = 1;

    /// <summary>
    /// Number of connections that publish, round-robin. The default (null) is 10 or the number of rooms, whichever is larger, but at most the
    /// number of connections.
    /// </summary>
    public int? Publishers { get; init; }

    /// <summary>The size of a message's text in bytes; 40 to 60,000.</summary>
    public int TextBytes { get; init; } = 128;

    /// <summary>The largest size of a text if the sizes differ; otherwise <see cref="TextBytes"/>.</summary>
    public int MaxTextBytes { get => field > 0 ? field : TextBytes; init; }

    /// <summary>Number of connections that the tool opens at the same time; 1 to 1,000.</summary>
    public int Ramp { get; init; } = 64;

    /// <summary>Connections that are opened in a second; 0: as many as the server accepts.</summary>
    public double RampRate { get; init; }

    /// <summary>Percent of the connections that read slowly while messages are published, 0 to 100. Publishers never read slowly.</summary>
    public double Slow { get; init; }

    /// <summary>Percent of the connections that are cut each second, 0 to 100.</summary>
    public double Churn { get; init; }

    /// <summary>Seconds from a response to the next request of interval polling; 0.01 to 60.</summary>
    public double PollInterval { get; init; } = 1;

    /// <summary>The local addresses of the connections.</summary>
    public SourceAddresses Sources { get; init; } = SourceAddresses.Any;

    /// <summary>Selects the slow readers, the cuts and the text sizes.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>A room export whose messages are published again; null: generated messages.</summary>
    public string? Replay { get; init; }

    /// <summary>Speed of the replay, as a factor; 0.001 to 1,000.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>The number of seconds after the warm-up at which the replay ends; null: the whole replay is published.</summary>
    public double? ReplaySeconds { get; init; }

    /// <summary>The process id of the server, to read its CPU time and memory; null: not known.</summary>
    public int? ServerPid { get; init; }

    /// <summary>The conditions of <c>--fail</c>.</summary>
    public IReadOnlyList<Threshold> Thresholds { get; init; } = [];

    /// <summary>The maximum p99 of lateness, in milliseconds. Above it the run is invalid.</summary>
    public double MaxLateness { get; init; } = Validity.DefaultMaxLateness;

    /// <summary>The maximum p99 of lag, in milliseconds. Above it the run is invalid.</summary>
    public double MaxLag { get; init; } = Validity.DefaultMaxLag;

    /// <summary>
    /// Seconds without a delivery after which missing messages count as lost; 0.1 to 600. This is also the timeout to connect and to
    /// reconnect.
    /// </summary>
    public double Patience { get; init; } = 10;

    /// <summary>Permits an address that is not loopback.</summary>
    public bool AllowRemote { get; init; }

    internal int PublisherCount => Publishers ?? Math.Min(Math.Max(10, Rooms), Connections);

    internal int SlowCount => (int)Math.Round(Connections * Slow / 100);

    /// <summary>The number of messages of a run without replay, including its warm-up.</summary>
    internal int MessageCount => (int)Math.Round(Rate * (WarmUp + Seconds));

    internal int WarmUpMessageCount => (int)Math.Round(Rate * WarmUp);

    internal IReadOnlyList<string> RoomNames => Rooms == 1 ? [Room] : [.. Enumerable.Range(1, Rooms).Select(number => $"{Room}-{number}")];

    /// <summary>Describes the first invalid option in one line, or returns null.</summary>
    public string? FindProblem()
    {
        if (!Url.IsAbsoluteUri || Url.Scheme != "ws")
            return DescribeInvalidUrl(Url.OriginalString);
        return CheckRange("--connections", Connections, 1, 100_000)
            ?? CheckRange("--raw-port", RawPort, 1, 65_535)
            ?? CheckRange("--rate", Rate, 0, MaxRate)
            ?? CheckRange("--seconds", ReplaySeconds ?? Seconds, 0, 3600)
            ?? CheckRange("--warm-up", WarmUp, 0, 600)
            ?? CheckRange("--rooms", Rooms, 1, Math.Min(Connections, 10_000))
            ?? CheckRange("--publishers", PublisherCount, Rooms, Connections)
            ?? CheckRange("--text-bytes", TextBytes, Publications.MinTextBytes, 60_000)
            ?? CheckRange("--text-bytes", MaxTextBytes, TextBytes, 60_000)
            ?? CheckRange("--ramp", Ramp, 1, 1000)
            ?? CheckRange("--ramp-rate", RampRate, 0, 100_000)
            ?? CheckRange("--slow", Slow, 0, 100)
            ?? CheckRange("--churn", Churn, 0, 100)
            ?? CheckRange("--poll-interval", PollInterval, 0.01, 60)
            ?? CheckRange("--speed", Speed, 0.001, 1000)
            ?? CheckRange("--patience", Patience, 0.1, 600)
            ?? CheckRange("--max-lateness", MaxLateness, 0, 600_000)
            ?? CheckRange("--max-lag", MaxLag, 0, 600_000)
            ?? CheckRange("--rate times --seconds (the messages of the run)", Rate * (WarmUp + Seconds), 0, MaxMessages)
            ?? FindContradiction();
    }

    internal static string DescribeInvalidUrl(string url) =>
        $"--url must be a ws:// address, such as ws://localhost:5080/ws (it is {url}){(url.StartsWith("wss:", StringComparison.OrdinalIgnoreCase) ? "; for TLS use --transport ws-h2 with --h2-url" : "")}";

    private string? FindContradiction() =>
        Room.Length is 0 or > 100 ? "--room must be a room name"
        : SlowCount > Connections - PublisherCount ? $"--slow leaves too few publishers: {SlowCount} of {Connections} connections read slowly, and {PublisherCount} must publish"
        : Transports.Contains(Transport.WebSocketHttp2) && Http2Url is not { IsAbsoluteUri: true, Scheme: "wss" } ? "--transport ws-h2 needs --h2-url, such as wss://localhost:5443/ws"
        : Replay is null && Rate > 0 && MessageCount <= WarmUpMessageCount ? string.Create(CultureInfo.InvariantCulture, $"--rate {Rate} for --seconds {Seconds} publishes no message; --rate 0 only keeps the connections open")
        : Replay is null && Rate <= 0 && Thresholds.FirstOrDefault(one => one.Metric.NeedsMessages) is { } empty ? $"--fail {empty} needs messages, but --rate 0 publishes none"
        : ServerPid is null && Thresholds.FirstOrDefault(one => one.Metric.NeedsServerPid) is { } unknown ? $"--fail {unknown} needs --server-pid"
        : null;

    /// <summary>Describes a value that is out of its range in one line, or returns null.</summary>
    internal static string? CheckRange(string option, double value, double min, double max) =>
        value >= min && value <= max
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{option} must be {min} to {max} (it is {value})");
}
