using System.Text.Json;
using System.Text.Json.Serialization;
using RawSocketChat.Tests.Benchmarks.Peers.Load;

namespace RawSocketChat.Tests.Benchmarks.Peers;

/// <summary>The results of one peer in one round.</summary>
internal sealed class PeerRound
{
    /// <summary>One result for each rate, in the order of <see cref="PeersOptions.Rates"/>.</summary>
    public List<LoadResult> Rates { get; } = [];

    /// <summary>The result at the maximum rate.</summary>
    public LoadResult? Most { get; set; }

    [JsonIgnore]
    public IEnumerable<LoadResult> All => Most is null ? Rates : [.. Rates, Most];
}

/// <summary>The results of one peer in all rounds.</summary>
internal sealed record PeerResult
{
    public required string Name { get; init; }

    public required string Title { get; init; }

    public required string Version { get; init; }

    public required IReadOnlyList<PeerRound> Rounds { get; init; }

    /// <summary>Resident memory per idle connection, in bytes; null if not measured.</summary>
    public double? IdleBytes { get; init; }

    /// <summary>The first error, or null.</summary>
    public string? Fault { get; init; }

    public long Lost => Rounds.Sum(round => round.All.Sum(result => result.Lost));

    public long Repeated => Rounds.Sum(round => round.All.Sum(result => result.Repeated));

    [JsonIgnore]
    public bool HasPassed => Fault is null && Lost == 0 && Repeated == 0 && Rounds.Count > 0;

    /// <summary>Returns the median of one figure at one rate over all rounds.</summary>
    public double MedianAtRate(int rate, Func<LoadResult, double> figure) => Median(Rounds.Select(round => figure(round.Rates[rate])));

    /// <summary>The median of the maximum deliveries per second over all rounds.</summary>
    public double MostPerSecond => Median(Rounds.Select(round => round.Most!.PerSecond));

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? double.NaN : (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}

/// <summary>The results of the whole comparison, as <c>--json</c> writes them.</summary>
internal sealed record PeersResult
{
    private static readonly JsonSerializerOptions JsonFormat = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>The version of the JSON format.</summary>
    public int Version { get; } = 1;

    public required DateTimeOffset At { get; init; }

    public required string Machine { get; init; }

    /// <summary>The number of cores that other processes used during the rounds.</summary>
    public required double OthersCores { get; init; }

    public required PeersOptions Options { get; init; }

    public required IReadOnlyList<PeerResult> Peers { get; init; }

    /// <summary>The peers that are not installed, each with the command that installs it.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>The exit code of the command. A failed peer takes precedence over a missing one.</summary>
    [JsonIgnore]
    public int ExitCode => Peers.Any(peer => !peer.HasPassed) ? PeersCommand.PeerFailed : Missing.Count > 0 ? PeersCommand.PeersMissing : PeersCommand.Success;

    public string ToJson() => JsonSerializer.Serialize(this, JsonFormat);
}
