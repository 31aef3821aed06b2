using System.Net;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>The options of a comparison.</summary>
public sealed record CompareOptions
{
    /// <summary>All transports: those of HTTP from the oldest technique to the newest, and then raw TCP.</summary>
    public static readonly IReadOnlyList<string> AllTransports = ["poll", "longpoll", "iframe", "stream", "sse", "ws", "ws-deflate", "ws-h2", "tcp"];

    /// <summary>The server's WebSocket address. The HTTP transports use the same host and port.</summary>
    public Uri Url { get; init; } = new("ws://localhost:5080/ws");

    /// <summary>The <c>wss</c> address of the same server, for <c>ws-h2</c>; null: <c>ws-h2</c> is left out.</summary>
    public Uri? TlsUrl { get; init; }

    /// <summary>The raw TCP port on the same host; 0: raw TCP is left out.</summary>
    public int RawPort { get; init; } = 5081;

    public IReadOnlyList<string> Transports { get; init; } = AllTransports;

    /// <summary>Clients of each transport; 1 to 1,000.</summary>
    public int Connections { get; init; } = 10;

    /// <summary>Messages a second; 0.1 to 1,000.</summary>
    public double Rate { get; init; } = 10;

    /// <summary>Seconds in which messages are published; 0.1 to 3,600.</summary>
    public double Seconds { get; init; } = 10;

    /// <summary>
    /// Idle seconds before the first message; 0 to 3,600. The result shows the bytes of one idle minute; the tool extrapolates them if this
    /// option is not 60. With 0, the tool does not measure them.
    /// </summary>
    public double IdleSeconds { get; init; } = 60;

    /// <summary>Seconds from a response to the next request of interval polling; 0.01 to 60.</summary>
    public double PollInterval { get; init; } = 1;

    /// <summary>Seconds without a new message after which missing messages count as lost; 1 to 600.</summary>
    public double Patience { get; init; } = 10;

    public string Room { get; init; } = "lobby";

    /// <summary>The size of a text in bytes; 64 to 8,000.</summary>
    public int TextBytes { get; init; } = 128;

    /// <summary>Permits an address that is not loopback.</summary>
    public bool AllowRemote { get; init; }

    /// <summary>Describes the first invalid option in one line, or returns null.</summary>
    public string? FindProblem() =>
        Url is not { IsAbsoluteUri: true, Scheme: "ws" } ? FloodOptions.DescribeInvalidUrl(Url.OriginalString)
        : TlsUrl is not (null or { IsAbsoluteUri: true, Scheme: "wss" }) ? DescribeInvalidTlsUrl(TlsUrl.OriginalString)
        : Transports.Count == 0 || Transports.Any(transport => !AllTransports.Contains(transport)) ? $"--transports must be a list of {string.Join(", ", AllTransports)} (it is {string.Join(", ", Transports)})"
        : FloodOptions.CheckRange("--connections", Connections, 1, 1000) ?? FloodOptions.CheckRange("--rate", Rate, 0.1, 1000) ?? FloodOptions.CheckRange("--seconds", Seconds, 0.1, 3600)
        ?? FloodOptions.CheckRange("--idle-seconds", IdleSeconds, 0, 3600) ?? FloodOptions.CheckRange("--poll-interval", PollInterval, 0.01, 60) ?? FloodOptions.CheckRange("--patience", Patience, 1, 600)
        ?? FloodOptions.CheckRange("--raw-port", RawPort, 0, 65535) ?? FloodOptions.CheckRange("--text-bytes", TextBytes, 64, 8000);

    internal static string DescribeInvalidTlsUrl(string url) => $"--tls-url must be a wss:// address, such as wss://localhost:5443/ws (it is {url})";
}

/// <summary>The addresses of the server, and the settings that all clients share.</summary>
/// <param name="Http">The address of HTTP and WebSocket.</param>
/// <param name="Raw">The address of raw TCP.</param>
/// <param name="Tls">The address of HTTP over TLS, or null.</param>
/// <param name="Host">The value of the Host header.</param>
/// <param name="Room">The room.</param>
/// <param name="PollInterval">The pause from a response to the next request of interval polling.</param>
/// <param name="RequestsWireTimes">Whether clients ask the server for <c>wire</c> times. True only if client and server have the same
/// clock.</param>
internal sealed record CompareTarget(IPEndPoint Http, IPEndPoint? Raw, TlsTarget? Tls, string Host, string Room, TimeSpan PollInterval, bool RequestsWireTimes);

/// <summary>The server's address with TLS.</summary>
/// <param name="Address">The IP address and port.</param>
/// <param name="Url">The URL of the WebSocket.</param>
/// <param name="IsTrusted">Whether the client accepts any certificate. True if the server is on this machine.</param>
internal sealed record TlsTarget(IPEndPoint Address, Uri Url, bool IsTrusted);
