using System.Globalization;
using RawSocketChat.Tests.Flood.Goals;
using RawSocketChat.Tests.Flood.Load;
using RawSocketChat.Tests.Flood.Ways;

namespace RawSocketChat.Tests.Flood;

/// <summary>What one flood does. Checked by <see cref="Problem"/>, which names the command-line option.</summary>
public sealed record FloodOptions
{
    /// <summary>The server's WebSocket address; <c>ws</c> only, and only loopback unless <see cref="AllowRemote"/>.</summary>
    public Uri Url { get; init; } = new("ws://localhost:5080/ws");

    /// <summary>The raw port, on the same host.</summary>
    public int RawPort { get; init; } = 5081;

    /// <summary>Where WebSockets over HTTP/2 are to be had, by TLS; needed by that way alone.</summary>
    public Uri? Http2Url { get; init; }

    public WayMix Ways { get; init; } = WayMix.Default;

    /// <summary>Connections, each of which is in a room and checks every message; 1 to 100,000.</summary>
    public int Connections { get; init; } = 1000;

    /// <summary>Messages a second, from all publishers in all rooms together; 0 only holds the connections open.</summary>
    public double Rate { get; init; } = 100;

    /// <summary>How long messages are sent and measured (or, with rate 0, the connections held); up to an hour.</summary>
    public double Seconds { get; init; } = 10;

    /// <summary>Before that, for so long messages are checked but not measured; up to 10 minutes.</summary>
    public double WarmUp { get; init; }

    /// <summary>The room, or with several rooms the beginning of their names; made where it does not exist.</summary>
    public string Room { get; init; } = "lobby";

    /// <summary>Rooms over which the connections, the publishers and the messages are spread; 1 to 10,000.</summary>
    public int Rooms { get; init; } = 1;

    /// <summary>How many of the connections take turns at publishing; null: ten, but one for each room, or all where there are fewer.</summary>
    public int? Publishers { get; init; }

    /// <summary>The size of a message's text in bytes; 40 to 60,000.</summary>
    public int TextBytes { get; init; } = 128;

    /// <summary>Where sizes differ, the largest.</summary>
    public int MostTextBytes { get => field > 0 ? field : TextBytes; init; }

    /// <summary>How many connections are being opened at the same time; 1 to 1,000.</summary>
    public int Ramp { get; init; } = 64;

    /// <summary>Connections that are opened in a second; 0: as many as the server takes.</summary>
    public double RampRate { get; init; }

    /// <summary>Percent of the connections that read slowly while messages are sent, 0 to 100; publishers never do.</summary>
    public double Slow { get; init; }

    /// <summary>Percent of the connections that are cut in a second, 0 to 100.</summary>
    public double Churn { get; init; }

    /// <summary>Seconds between an answer and the next question of interval polling; 0.01 to 60.</summary>
    public double PollInterval { get; init; } = 1;

    /// <summary>Where connections come from.</summary>
    public SourceAddresses Sources { get; init; } = SourceAddresses.Any;

    /// <summary>Decides who reads slowly, who is cut when, and how long texts are.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>A room's export, whose messages are said again.</summary>
    public string? Replay { get; init; }

    /// <summary>How much faster than it was; 0.001 to 1,000.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>Only so much of the replay, in seconds of this run; null: all.</summary>
    public double? ReplaySeconds { get; init; }

    /// <summary>The server's process on this machine, whose CPU time and memory are read; null: unknown.</summary>
    public int? ServerPid { get; init; }

    /// <summary>Conditions under which the run fails.</summary>
    public IReadOnlyList<Threshold> Thresholds { get; init; } = [];

    /// <summary>Milliseconds that the p99 of the generator's lateness may have; beyond, the run is invalid.</summary>
    public double MaxLateness { get; init; } = Validity.DefaultMaxLateness;

    /// <summary>Milliseconds that the p99 of the generator's lag may have; beyond, the run is invalid.</summary>
    public double MaxLag { get; init; } = Validity.DefaultMaxLag;

    /// <summary>
    /// Seconds without any delivery after which what is still missing is lost; also the limit for a connection to be made.
    /// </summary>
    public double Patience { get; init; } = 10;

    /// <summary>Allows an address that is not loopback.</summary>
    public bool AllowRemote { get; init; }

    internal int PublisherCount => Publishers ?? Math.Min(Math.Max(10, Rooms), Connections);

    internal int SlowCount => (int)Math.Round(Connections * Slow / 100);

    /// <summary>How many messages a steady schedule has.</summary>
    internal int Messages => (int)Math.Round(Rate * (WarmUp + Seconds));

    internal int WarmUpMessages => (int)Math.Round(Rate * WarmUp);

    internal IReadOnlyList<string> RoomNames => Rooms == 1 ? [Room] : [.. Enumerable.Range(1, Rooms).Select(number => $"{Room}-{number}")];

    /// <summary>The first thing that is wrong with these options as one line, or null.</summary>
    public string? Problem()
    {
        if (!Url.IsAbsoluteUri || Url.Scheme != "ws")
            return NoWebSocket(Url.OriginalString);
        return Outside("--connections", Connections, 1, 100_000)
            ?? Outside("--raw-port", RawPort, 1, 65_535)
            ?? Outside("--rate", Rate, 0, 1_000_000)
            ?? Outside("--seconds", ReplaySeconds ?? Seconds, 0, 3600)
            ?? Outside("--warm-up", WarmUp, 0, 600)
            ?? Outside("--rooms", Rooms, 1, Math.Min(Connections, 10_000))
            ?? Outside("--publishers", PublisherCount, Rooms, Connections)
            ?? Outside("--text-bytes", TextBytes, Publications.LeastTextBytes, 60_000)
            ?? Outside("--text-bytes", MostTextBytes, TextBytes, 60_000)
            ?? Outside("--ramp", Ramp, 1, 1000)
            ?? Outside("--ramp-rate", RampRate, 0, 100_000)
            ?? Outside("--slow", Slow, 0, 100)
            ?? Outside("--churn", Churn, 0, 100)
            ?? Outside("--poll-interval", PollInterval, 0.01, 60)
            ?? Outside("--speed", Speed, 0.001, 1000)
            ?? Outside("--patience", Patience, 0.1, 600)
            ?? Outside("--max-lateness", MaxLateness, 0, 600_000)
            ?? Outside("--max-lag", MaxLag, 0, 600_000)
            ?? Outside("--rate times --seconds (the messages of the run)", Rate * (WarmUp + Seconds), 0, 10_000_000)
            ?? Contradiction();
    }

    internal static string NoWebSocket(string url) =>
        $"--url must be a ws:// address, such as ws://localhost:5080/ws (it is {url}){(url.StartsWith("wss:", StringComparison.OrdinalIgnoreCase) ? "; by TLS there is --way ws-h2, with --h2-url" : "")}";

    private string? Contradiction() =>
        Room.Length is 0 or > 100 ? "--room must be a room's name"
        : SlowCount > Connections - PublisherCount ? $"--slow leaves too few to publish: {SlowCount} of {Connections} read slowly, and {PublisherCount} publish"
        : Ways.Has(WayIn.Http2) && Http2Url is not { IsAbsoluteUri: true, Scheme: "wss" } ? "--way ws-h2 needs --h2-url, such as wss://localhost:5443/ws"
        : Replay is null && Rate > 0 && Messages <= WarmUpMessages ? string.Create(CultureInfo.InvariantCulture, $"--rate {Rate} for --seconds {Seconds} makes no message; --rate 0 only holds the connections")
        : Replay is null && Rate <= 0 && Thresholds.FirstOrDefault(one => one.Metric.IsOfMessages) is { } empty ? $"--fail {empty} needs messages, and --rate 0 sends none"
        : ServerPid is null && Thresholds.FirstOrDefault(one => one.Metric.IsOfServer) is { } unknown ? $"--fail {unknown} needs --server-pid"
        : null;

    private static string? Outside(string option, double value, double least, double most) =>
        value >= least && value <= most
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{option} must be {least} to {most} (it is {value})");
}
