using System.Globalization;
using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Peers.Processes;

namespace RawSocketChat.Tests.Benchmarks.Peers;

/// <summary>What is measured, and for how long. All peers get the same.</summary>
internal sealed record PeersOptions
{
    // Descriptors that a process needs beside its connections.
    private const int OtherFiles = 500;

    /// <summary>Names of <see cref="Catalogue"/>.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [.. Catalogue.All.Where(peer => peer.IsDefault).Select(peer => peer.Name)];

    /// <summary>Whether the peers are the default ones: one that this server can't be is then left out, and is not missing.</summary>
    public bool ArePeersDefault { get; init; } = true;

    /// <summary>Each peer once in each of them; medians are told.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>How long each figure is measured in each round.</summary>
    public double Seconds { get; init; } = 2;

    /// <summary>Seconds of load before the first figure.</summary>
    public double WarmUp { get; init; } = 4;

    /// <summary>Connections that get every message, the publishing one among them.</summary>
    public int Subscribers { get; init; } = 1000;

    /// <summary>Messages a second, each measured on its own.</summary>
    public IReadOnlyList<double> Rates { get; init; } = [20, 100];

    /// <summary>Messages that are under way at once where as many are sent as go: some 30 KB for each subscriber.</summary>
    public int Window { get; init; } = 128;

    /// <summary>Idle connections by which memory is measured; 0: it is not.</summary>
    public int Idle { get; init; } = 5000;

    /// <summary>Seconds of rest before memory is looked at: what connecting left to do is done then, and what it left to free may be freed.</summary>
    public double Settle { get; init; } = 1;

    /// <summary>Seconds without a delivery until what is missing counts as lost.</summary>
    public double Patience { get; init; } = 5;

    /// <summary>Whether what is missing may be installed by apt.</summary>
    public bool Install { get; init; }

    /// <summary>The first thing that is wrong with them; null where nothing is.</summary>
    public string? Problem()
    {
        var all = string.Join(", ", Catalogue.All.Select(peer => peer.Name));
        if (Peers.Count == 0 || Peers.Any(name => Catalogue.All.All(peer => peer.Name != name)))
            return $"--peers is a list of {all}";
        var files = OpenFiles() - OtherFiles;
        return Out(nameof(Rounds), Rounds, 1, 100) ?? Out(nameof(Seconds), Seconds, 0.05, 600) ?? Out("Warm-Up", WarmUp, 0, 600) ?? Out(nameof(Subscribers), Subscribers, 2, files)
            ?? Rates.Select(rate => Out(nameof(Rates), rate, 0.1, 100_000)).FirstOrDefault(fault => fault is not null)
            ?? (((Rates.Max() * WarmUp) + (Rates.Sum() * Seconds * Rounds)) >= Stamp.Most / 4.0 ? "--rates, --seconds and --rounds: more messages than can be numbered" : null)
            ?? Out(nameof(Window), Window, 1, 10_000) ?? Out(nameof(Idle), Idle, 0, files) ?? Out(nameof(Settle), Settle, 0, 600) ?? Out(nameof(Patience), Patience, 0.1, 600);
    }

    private static string? Out(string name, double value, double least, double most) => value >= least && value <= most
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"--{name.ToLowerInvariant()} must be {least} to {most} (it is {value})");

    // Each process of a measurement, this one too, holds as many connections as the other.
    private static int OpenFiles() => File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal)) is { } line
        && int.TryParse(line["Max open files".Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture, out var limit) ? limit : 1024;
}
