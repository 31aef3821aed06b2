using System.Globalization;

namespace RawSocketChat.Tests.Flood;

/// <summary>What one flood does. Checked by <see cref="Problem"/>, which names the command-line option.</summary>
public sealed record FloodOptions
{
    /// <summary>The server's WebSocket address; <c>ws</c> only, and only loopback unless <see cref="AllowRemote"/>.</summary>
    public Uri Url { get; init; } = new("ws://localhost:5080/ws");

    /// <summary>Connections, each of which is in the room and checks every message; 1 to 100,000.</summary>
    public int Connections { get; init; } = 1000;

    /// <summary>Messages a second, from all publishers together; 0 only holds the connections open.</summary>
    public double Rate { get; init; } = 100;

    /// <summary>How long messages are sent (or, with rate 0, the connections held); up to an hour.</summary>
    public double Seconds { get; init; } = 10;

    /// <summary>The room; made where it does not exist.</summary>
    public string Room { get; init; } = "lobby";

    /// <summary>How many of the connections take turns at publishing; null: ten, or all where there are fewer.</summary>
    public int? Publishers { get; init; }

    /// <summary>The size of a message's text in bytes; 40 to 60,000.</summary>
    public int TextBytes { get; init; } = 128;

    /// <summary>How many connections are being opened at the same time; 1 to 1,000.</summary>
    public int Ramp { get; init; } = 64;

    /// <summary>
    /// Seconds without any delivery after which what is still missing is lost; also the limit for a connection to be made.
    /// </summary>
    public double Patience { get; init; } = 10;

    /// <summary>Allows an address that is not loopback.</summary>
    public bool AllowRemote { get; init; }

    internal int PublisherCount => Publishers ?? Math.Min(10, Connections);

    /// <summary>How many messages the schedule has.</summary>
    internal int Messages => (int)Math.Round(Rate * Seconds);

    /// <summary>The first thing that is wrong with these options as one line, or null.</summary>
    public string? Problem()
    {
        if (!Url.IsAbsoluteUri || Url.Scheme != "ws")
            return NoWebSocket(Url.OriginalString);
        return Outside("--connections", Connections, 1, 100_000)
            ?? Outside("--rate", Rate, 0, 1_000_000)
            ?? Outside("--seconds", Seconds, 0, 3600)
            ?? Outside("--publishers", PublisherCount, 1, Connections)
            ?? Outside("--text-bytes", TextBytes, Publications.LeastTextBytes, 60_000)
            ?? Outside("--ramp", Ramp, 1, 1000)
            ?? Outside("--patience", Patience, 0.1, 600)
            ?? Outside("--rate times --seconds (the messages of the run)", Rate * Seconds, 0, 10_000_000)
            ?? (Room.Length is 0 or > 100 ? "--room must be a room's name" : null);
    }

    internal static string NoWebSocket(string url) => $"--url must be a ws:// address, such as ws://localhost:5080/ws (it is {url})";

    private static string? Outside(string option, double value, double least, double most) =>
        value >= least && value <= most
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{option} must be {least} to {most} (it is {value})");
}
