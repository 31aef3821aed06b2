using System.Net;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>What a comparison does.</summary>
public sealed record CompareOptions
{
    /// <summary>All ways, in the order of their history.</summary>
    public static readonly IReadOnlyList<string> AllWays = ["poll", "longpoll", "iframe", "stream", "sse", "ws", "ws-deflate", "ws-h2", "tcp"];

    /// <summary>The server's WebSocket address; the other ways are beside it.</summary>
    public Uri Url { get; init; } = new("ws://localhost:5080/ws");

    /// <summary>The same server's address by TLS, where <c>ws-h2</c> goes; null: it is left out.</summary>
    public Uri? TlsUrl { get; init; }

    /// <summary>The raw port, on the same host; 0: there is none, and the way is left out.</summary>
    public int RawPort { get; init; } = 5081;

    public IReadOnlyList<string> Ways { get; init; } = AllWays;

    /// <summary>Clients of each way; 1 to 1,000.</summary>
    public int Connections { get; init; } = 10;

    /// <summary>Messages a second; 0.1 to 1,000.</summary>
    public double Rate { get; init; } = 10;

    /// <summary>How long somebody speaks; 0.1 to 3,600.</summary>
    public double Seconds { get; init; } = 10;

    /// <summary>How long nobody does; 0 to 3,600. A minute is told: where it is not one, by extrapolation.</summary>
    public double IdleSeconds { get; init; } = 60;

    /// <summary>Seconds between two polls; 0.01 to 60.</summary>
    public double PollInterval { get; init; } = 1;

    /// <summary>Seconds without anything new after which what a client still lacks is lost; 1 to 600.</summary>
    public double Patience { get; init; } = 10;

    public string Room { get; init; } = "lobby";

    /// <summary>The size of a message's text; 64 to 8,000.</summary>
    public int TextBytes { get; init; } = 128;

    /// <summary>Allows an address that is not loopback.</summary>
    public bool AllowRemote { get; init; }

    /// <summary>The first thing that is wrong as one line, or null.</summary>
    public string? Problem() =>
        Url is not { IsAbsoluteUri: true, Scheme: "ws" } ? FloodOptions.NoWebSocket(Url.OriginalString)
        : TlsUrl is not (null or { IsAbsoluteUri: true, Scheme: "wss" }) ? NoTls(TlsUrl.OriginalString)
        : Ways.Count == 0 || Ways.FirstOrDefault(way => !AllWays.Contains(way)) is not null ? $"--ways is a list of {string.Join(", ", AllWays)} (it is {string.Join(", ", Ways)})"
        : Outside("--connections", Connections, 1, 1000) ?? Outside("--rate", Rate, 0.1, 1000) ?? Outside("--seconds", Seconds, 0.1, 3600)
        ?? Outside("--idle-seconds", IdleSeconds, 0, 3600) ?? Outside("--poll-interval", PollInterval, 0.01, 60) ?? Outside("--patience", Patience, 1, 600)
        ?? Outside("--raw-port", RawPort, 0, 65535) ?? Outside("--text-bytes", TextBytes, 64, 8000);

    internal static string NoTls(string url) => $"--tls-url must be a wss:// address, such as wss://localhost:5443/ws (it is {url})";

    private static string? Outside(string option, double value, double least, double most) =>
        value >= least && value <= most ? null : FormattableString.Invariant($"{option} must be {least} to {most} (it is {value})");
}

/// <summary>Where the server is, and what all clients share.</summary>
/// <param name="Http">Where HTTP is, and the WebSocket with it.</param>
/// <param name="Raw">Where lines are.</param>
/// <param name="Tls">Where HTTP is by TLS, or null.</param>
/// <param name="Host">What requests name it.</param>
/// <param name="Room">The room.</param>
/// <param name="PollInterval">The pause between two polls.</param>
/// <param name="IsSplit">Whether the server is asked when it handed things over: its clock is ours.</param>
internal sealed record CompareTarget(IPEndPoint Http, IPEndPoint? Raw, TlsTarget? Tls, string Host, string Room, TimeSpan PollInterval, bool IsSplit);

/// <param name="Address">Where.</param>
/// <param name="Url">The WebSocket there.</param>
/// <param name="IsTrusted">It is this machine: whatever certificate it shows.</param>
internal sealed record TlsTarget(IPEndPoint Address, Uri Url, bool IsTrusted);
