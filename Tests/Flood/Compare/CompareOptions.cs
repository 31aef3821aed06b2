using System.Net;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>What a comparison does.</summary>
public sealed record CompareOptions
{
    /// <summary>All ways, in the order of their history.</summary>
    public static readonly IReadOnlyList<string> AllWays = ["poll", "longpoll", "iframe", "stream", "sse", "ws", "tcp"];

    /// <summary>The server's WebSocket address; the other ways are beside it.</summary>
    public Uri Url { get; init; } = new("ws://localhost:5080/ws");

    /// <summary>The raw port, on the same host; 0: there is none, and the way is left out.</summary>
    public int RawPort { get; init; } = 5081;

    public IReadOnlyList<string> Ways { get; init; } = AllWays;

    /// <summary>Clients of each way; 1 to 1,000.</summary>
    public int Connections { get; init; } = 10;

    /// <summary>Messages a second; 1 to 1,000.</summary>
    public double Rate { get; init; } = 10;

    /// <summary>How long somebody speaks; 1 to 3,600.</summary>
    public double Seconds { get; init; } = 10;

    /// <summary>How long nobody does; 0 to 3,600.</summary>
    public double IdleSeconds { get; init; } = 60;

    /// <summary>Seconds between two polls; 0.01 to 60.</summary>
    public double PollInterval { get; init; } = 1;

    public string Room { get; init; } = "lobby";

    public int TextBytes { get; init; } = 128;

    /// <summary>Allows an address that is not loopback.</summary>
    public bool AllowRemote { get; init; }

    /// <summary>The first thing that is wrong as one line, or null.</summary>
    public string? Problem() =>
        Url is not { IsAbsoluteUri: true, Scheme: "ws" } ? FloodOptions.NoWebSocket(Url.OriginalString)
        : Ways.Count == 0 || Ways.FirstOrDefault(way => !AllWays.Contains(way)) is not null ? $"--ways is a list of {string.Join(", ", AllWays)} (it is {string.Join(", ", Ways)})"
        : Outside("--connections", Connections, 1, 1000) ?? Outside("--rate", Rate, 0.1, 1000) ?? Outside("--seconds", Seconds, 0.1, 3600)
        ?? Outside("--idle-seconds", IdleSeconds, 0, 3600) ?? Outside("--poll-interval", PollInterval, 0.01, 60)
        ?? Outside("--raw-port", RawPort, 0, 65535) ?? Outside("--text-bytes", TextBytes, 64, 8000);

    private static string? Outside(string option, double value, double least, double most) =>
        value >= least && value <= most ? null : FormattableString.Invariant($"{option} must be {least} to {most} (it is {value})");
}

/// <summary>Where the server is, and what all clients share.</summary>
internal sealed record CompareTarget(IPEndPoint Http, IPEndPoint? Raw, string Host, string Room, TimeSpan PollInterval);
