using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Peers.Processes;

namespace RawSocketChat.Tests.Benchmarks.Peers;

/// <summary>
/// The comparison. All peers are started and warmed up; then each figure is measured of one after the other, round by round, so that a machine whose speed drifts drifts for all of them. While one
/// is measured the others hold their connections and have nothing to do. At the end each is started once more, alone, to see what idle connections hold.
/// </summary>
internal sealed class PeersRun(PeersOptions options, IReadOnlyList<Peer> catalogue, TextWriter progress, CancellationToken cancel)
{
    private readonly Dictionary<string, string> _faults = [];
    private readonly List<Candidate> _candidates = [];

    public async Task<PeersResult> RunAsync()
    {
        var (here, missing) = await FindAsync();
        double others;
        try
        {
            foreach (var peer in here)
                await TryAsync(peer, async () => _candidates.Add(await WarmUpAsync(peer)));
            var load = new MachineLoad(() => _candidates.Aggregate(default(CpuTime), (sum, candidate) => sum + CpuTime.OfTree(candidate.Running.Id)));
            for (var round = 1; round <= options.Rounds; round++)
                await RoundAsync(round);
            others = load.BusyCores;
            foreach (var candidate in _candidates.Where(candidate => candidate.Load.Complaint is not null))
                _faults.TryAdd(candidate.Peer.Name, candidate.Load.Complaint!);
        }
        finally
        {
            foreach (var candidate in _candidates)
                await candidate.DisposeAsync();
        }

        var idle = new Dictionary<string, double>();
        foreach (var peer in options.Idle > 0 ? here : [])
            await TryAsync(peer, async () => idle[peer.Name] = await IdleAsync(peer));

        var results = new List<PeerResult>();
        foreach (var peer in here)
            results.Add(await ResultAsync(peer, idle.TryGetValue(peer.Name, out var bytes) ? bytes : null));
        return new PeersResult
        {
            At = TimeProvider.System.GetUtcNow(),
            Machine = Machine(),
            OthersCores = others,
            Options = options,
            Peers = results,
            Missing = missing,
        };
    }

    // A peer that is not here is told, and the others go on.
    private async Task<(List<Peer> Here, List<string> Missing)> FindAsync()
    {
        var (here, missing) = (new List<Peer>(), new List<string>());
        foreach (var peer in catalogue.Where(peer => options.Peers.Contains(peer.Name)))
        {
            try
            {
                if (options.Install && peer is NchanPeer && peer.Missing() is not null)
                    await NchanPeer.AptAsync(cancel);
                if (peer.Missing() is { } line)
                {
                    // A row that this server can't be is no peer to be installed, unless it was asked for.
                    if (!(options.ArePeersDefault && peer is ChatPeer))
                        missing.Add(line);
                    continue;
                }

                await peer.InstallAsync(cancel);
                here.Add(peer);
            }
            catch (LoadException fault)
            {
                missing.Add($"{peer.Name}: {fault.Message}");
            }
        }

        missing.ForEach(progress.WriteLine);
        return (here, missing);
    }

    private async Task<Candidate> WarmUpAsync(Peer peer)
    {
        await progress.WriteLineAsync($"{peer.Name}: starts, {options.Subscribers} subscribers");
        var candidate = await Candidate.StartAsync(peer, options, cancel);
        // As much as goes, then the highest rate: until the runtimes have compiled for both what they will be measured by.
        candidate.Load.AtMost(options.Window, options.WarmUp / 4, cancel);
        candidate.Load.AtRate(options.Rates.Max(), options.WarmUp, cancel);
        return candidate;
    }

    private async Task RoundAsync(int round)
    {
        foreach (var candidate in _candidates)
            candidate.Rounds.Add(new PeerRound());
        foreach (var rate in options.Rates)
        {
            await progress.WriteLineAsync($"round {round} of {options.Rounds}: {rate} messages a second");
            foreach (var candidate in _candidates)
                candidate.Rounds[^1].Rates.Add(candidate.Load.AtRate(rate, options.Seconds, cancel));
        }

        await progress.WriteLineAsync($"round {round} of {options.Rounds}: as many as go");
        foreach (var candidate in _candidates)
            candidate.Rounds[^1].Most = candidate.Load.AtMost(options.Window, options.Seconds, cancel);
    }

    private async Task<double> IdleAsync(Peer peer)
    {
        await progress.WriteLineAsync($"{peer.Name}: {options.Idle} idle connections");
        // The first few: what it takes to serve anybody at all is not counted.
        const int first = 50;
        await using var candidate = await Candidate.StartAsync(peer, options with { Subscribers = first }, cancel);
        await Task.Delay(TimeSpan.FromSeconds(options.Settle), TimeProvider.System, cancel);
        var before = CpuTime.ResidentBytes(candidate.Running.Id);
        candidate.Load.Subscribe(options.Idle, cancel);
        await Task.Delay(TimeSpan.FromSeconds(options.Settle), TimeProvider.System, cancel);
        return (CpuTime.ResidentBytes(candidate.Running.Id) - before) / (double)Math.Max(1, options.Idle - first);
    }

    private async Task TryAsync(Peer peer, Func<Task> measure)
    {
        try
        {
            await measure();
        }
        catch (Exception fault) when (fault is LoadException or SocketException)
        {
            await progress.WriteLineAsync($"{peer.Name}: {fault.Message}");
            _faults.TryAdd(peer.Name, fault.Message);
        }
    }

    private async Task<PeerResult> ResultAsync(Peer peer, double? idleBytes) => new()
    {
        Name = peer.Name,
        Title = peer.Title,
        Version = await peer.VersionAsync(cancel),
        Rounds = _candidates.Find(candidate => candidate.Peer == peer)?.Rounds ?? [],
        IdleBytes = idleBytes,
        Fault = _faults.GetValueOrDefault(peer.Name),
    };

    private static string Machine()
    {
        var processor = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? $"{RuntimeInformation.ProcessArchitecture}";
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Math.Pow(1024, 3);
        return string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} cores ({processor}), {memory:0} GiB, {RuntimeInformation.OSDescription}");
    }

    /// <summary>A peer that runs, with its subscribers.</summary>
    private sealed record Candidate(Peer Peer, RunningPeer Running, LoadRun Load) : IAsyncDisposable
    {
        public List<PeerRound> Rounds { get; } = [];

        public static async Task<Candidate> StartAsync(Peer peer, PeersOptions options, CancellationToken cancel)
        {
            var running = await RunningPeer.StartAsync(peer, cancel);
            try
            {
                return new Candidate(peer, running, LoadRun.Open(
                    running.EndPoint, running.Id, peer.Wire, options.Subscribers, Math.Max(options.Subscribers, options.Idle), TimeSpan.FromSeconds(options.Patience), cancel));
            }
            catch
            {
                await running.DisposeAsync();
                throw;
            }
        }

        public async ValueTask DisposeAsync()
        {
            Load.Dispose();
            await Running.DisposeAsync();
        }
    }
}
