using System.Globalization;
using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Peers.Processes;

namespace RawSocketChat.Tests.Benchmarks.Peers;

/// <summary>The options of a comparison. They are the same for all peers.</summary>
internal sealed record PeersOptions
{
    // File descriptors that a process needs in addition to its connections.
    private const int ReservedFiles = 500;

    /// <summary>The names of the peers to compare, from <see cref="PeerCatalog"/>.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [.. PeerCatalog.All.Where(peer => peer.IsDefault).Select(peer => peer.Name)];

    /// <summary>
    /// Whether the peers are the default ones. If they are, a variant that this project's server does not support is skipped and not
    /// reported as missing.
    /// </summary>
    public bool ArePeersDefault { get; init; } = true;

    /// <summary>The number of rounds. Each round measures each peer once.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>The duration of each measurement in each round, in seconds.</summary>
    public double Seconds { get; init; } = 2;

    /// <summary>Seconds of load before the first measurement.</summary>
    public double WarmUp { get; init; } = 4;

    /// <summary>The number of connections that receive every message, including the publisher.</summary>
    public int Subscribers { get; init; } = 1000;

    /// <summary>The fixed rates to measure, one after the other, in messages per second.</summary>
    public IReadOnlyList<double> Rates { get; init; } = [20, 100];

    /// <summary>The number of messages in flight when measuring the maximum rate. 128 messages are about 30 KB for each subscriber.</summary>
    public int Window { get; init; } = 128;

    /// <summary>The number of idle connections for the memory measurement; 0 skips it.</summary>
    public int Idle { get; init; } = 5000;

    /// <summary>Seconds to wait before reading the memory, so that the server has finished the work of connecting.</summary>
    public double Settle { get; init; } = 1;

    /// <summary>Seconds without a delivery after which missing messages count as lost.</summary>
    public double Patience { get; init; } = 5;

    /// <summary>Whether missing packages may be installed with apt-get.</summary>
    public bool Install { get; init; }

    /// <summary>Returns the first error in the options, or null.</summary>
    public string? FindError()
    {
        var all = string.Join(", ", PeerCatalog.All.Select(peer => peer.Name));
        if (Peers.Count == 0 || Peers.Any(name => PeerCatalog.All.All(peer => peer.Name != name)))
            return $"--peers must be a list of {all}";
        var files = ReadOpenFileLimit() - ReservedFiles;
        return CheckRange(nameof(Rounds), Rounds, 1, 100) ?? CheckRange(nameof(Seconds), Seconds, 0.05, 600) ?? CheckRange("Warm-Up", WarmUp, 0, 600) ?? CheckRange(nameof(Subscribers), Subscribers, 2, files)
            ?? Rates.Select(rate => CheckRange(nameof(Rates), rate, 0.1, 100_000)).FirstOrDefault(fault => fault is not null)
            ?? (((Rates.Max() * WarmUp) + (Rates.Sum() * Seconds * Rounds)) >= MessageNumber.Limit / 4.0 ? "--rates, --seconds and --rounds: too many messages to number" : null)
            ?? CheckRange(nameof(Window), Window, 1, 10_000) ?? CheckRange(nameof(Idle), Idle, 0, files) ?? CheckRange(nameof(Settle), Settle, 0, 600) ?? CheckRange(nameof(Patience), Patience, 0.1, 600);
    }

    private static string? CheckRange(string name, double value, double min, double max) => value >= min && value <= max
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"--{name.ToLowerInvariant()} must be {min} to {max} (it is {value})");

    // This process and the server each need one descriptor for each connection. The server inherits the limit of this process.
    private static int ReadOpenFileLimit() => File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal)) is { } line
        && int.TryParse(line["Max open files".Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture, out var limit) ? limit : 1024;
}
