using System.Text.Json;
using System.Text.Json.Serialization;
using RawSocketChat.Tests.Benchmarks.Peers.Load;

namespace RawSocketChat.Tests.Benchmarks.Peers;

/// <summary>One peer in one round.</summary>
internal sealed class PeerRound
{
    /// <summary>In the order of <see cref="PeersOptions.Rates"/>.</summary>
    public List<LoadResult> Rates { get; } = [];

    /// <summary>As many as go.</summary>
    public LoadResult? Most { get; set; }

    [JsonIgnore]
    public IEnumerable<LoadResult> All => Most is null ? Rates : [.. Rates, Most];
}

/// <summary>All of one peer.</summary>
internal sealed record PeerResult
{
    public required string Name { get; init; }

    public required string Title { get; init; }

    public required string Version { get; init; }

    public required IReadOnlyList<PeerRound> Rounds { get; init; }

    /// <summary>Resident memory for each idle connection; null where it was not measured.</summary>
    public double? IdleBytes { get; init; }

    /// <summary>What went wrong first; null where nothing did.</summary>
    public string? Fault { get; init; }

    public long Lost => Rounds.Sum(round => round.All.Sum(result => result.Lost));

    public long Repeated => Rounds.Sum(round => round.All.Sum(result => result.Repeated));

    [JsonIgnore]
    public bool IsFine => Fault is null && Lost == 0 && Repeated == 0 && Rounds.Count > 0;

    /// <summary>The median of the rounds of one figure at one rate.</summary>
    public double AtRate(int rate, Func<LoadResult, double> figure) => Median(Rounds.Select(round => figure(round.Rates[rate])));

    /// <summary>The median of the rounds of the most deliveries a second.</summary>
    public double MostPerSecond => Median(Rounds.Select(round => round.Most!.PerSecond));

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? double.NaN : (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}

/// <summary>The whole comparison, as <c>--json</c> writes it.</summary>
internal sealed record PeersResult
{
    private static readonly JsonSerializerOptions Form = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Of this form.</summary>
    public int Version { get; } = 1;

    public required DateTimeOffset At { get; init; }

    public required string Machine { get; init; }

    /// <summary>Cores that were busy with none of this during the rounds.</summary>
    public required double OthersCores { get; init; }

    public required PeersOptions Options { get; init; }

    public required IReadOnlyList<PeerResult> Peers { get; init; }

    /// <summary>Peers that are not here, each with the line that installs it.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>Of the command: what went wrong counts for more than what is missing.</summary>
    [JsonIgnore]
    public int ExitCode => Peers.Any(peer => !peer.IsFine) ? PeersCommand.Faulty : Missing.Count > 0 ? PeersCommand.PeersMissing : PeersCommand.Fine;

    public string Json() => JsonSerializer.Serialize(this, Form);
}
