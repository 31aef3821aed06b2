using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Peers.Processes;

namespace RawSocketChat.Tests.Benchmarks.Peers;

/// <summary>
/// Runs the comparison. It starts all peers and warms them up. Then it measures one peer after another, in several rounds, so that changes
/// in the speed of the machine affect all peers equally. While one peer is measured, the others keep their connections and are idle. At the
/// end, it starts each peer once more, alone, to measure the memory of idle connections.
/// </summary>
internal sealed class PeersRun(PeersOptions options, IReadOnlyList<Peer> catalogue, TextWriter progress, CancellationToken cancel)
{
    private readonly Dictionary<string, string> _faults = [];
    private readonly List<MeasuredPeer> _measured = [];

    public async Task<PeersResult> RunAsync()
    {
        var (installed, missing) = await FindPeersAsync();
        double otherCores;
        try
        {
            foreach (var peer in installed)
                await TryAsync(peer, async () => _measured.Add(await WarmUpAsync(peer)));
            var load = new MachineLoad(() => _measured.Aggregate(default(CpuTime), (sum, candidate) => sum + CpuTime.ForProcessTree(candidate.Running.Id)));
            for (var round = 1; round <= options.Rounds; round++)
                await RunRoundAsync(round);
            otherCores = load.BusyCores;
            foreach (var candidate in _measured.Where(candidate => candidate.Load.Error is not null))
                _faults.TryAdd(candidate.Peer.Name, candidate.Load.Error!);
        }
        finally
        {
            foreach (var candidate in _measured)
                await candidate.DisposeAsync();
        }

        var idle = new Dictionary<string, double>();
        foreach (var peer in options.Idle > 0 ? installed : [])
            await TryAsync(peer, async () => idle[peer.Name] = await MeasureIdleAsync(peer));

        var results = new List<PeerResult>();
        foreach (var peer in installed)
            results.Add(await CreateResultAsync(peer, idle.TryGetValue(peer.Name, out var bytes) ? bytes : null));
        return new PeersResult
        {
            At = TimeProvider.System.GetUtcNow(),
            Machine = DescribeMachine(),
            OthersCores = otherCores,
            Options = options,
            Peers = results,
            Missing = missing,
        };
    }

    // Reports peers that are not installed, and returns the others.
    private async Task<(List<Peer> Here, List<string> Missing)> FindPeersAsync()
    {
        var (installed, missing) = (new List<Peer>(), new List<string>());
        foreach (var peer in catalogue.Where(peer => options.Peers.Contains(peer.Name)))
        {
            try
            {
                if (options.Install && peer is NchanPeer && peer.DescribeMissing() is not null)
                    await NchanPeer.InstallPackagesAsync(cancel);
                if (peer.DescribeMissing() is { } line)
                {
                    // The measured version of this project's server may not support a variant of ChatPeer, and no package adds the support.
                    // Report such a variant only if --peers names it.
                    if (!(options.ArePeersDefault && peer is ChatPeer))
                        missing.Add(line);
                    continue;
                }

                await peer.InstallAsync(cancel);
                installed.Add(peer);
            }
            catch (LoadException fault)
            {
                missing.Add($"{peer.Name}: {fault.Message}");
            }
        }

        missing.ForEach(progress.WriteLine);
        return (installed, missing);
    }

    private async Task<MeasuredPeer> WarmUpAsync(Peer peer)
    {
        await progress.WriteLineAsync($"{peer.Name}: starting, {options.Subscribers} subscribers");
        var candidate = await MeasuredPeer.StartAsync(peer, options, cancel);
        // Runs at the maximum rate and then at the highest fixed rate, so that the runtimes compile the code for both.
        candidate.Load.RunAtMaximum(options.Window, options.WarmUp / 4, cancel);
        candidate.Load.RunAtRate(options.Rates.Max(), options.WarmUp, cancel);
        return candidate;
    }

    private async Task RunRoundAsync(int round)
    {
        foreach (var candidate in _measured)
            candidate.Rounds.Add(new PeerRound());
        foreach (var rate in options.Rates)
        {
            await progress.WriteLineAsync($"round {round} of {options.Rounds}: {rate} messages per second");
            foreach (var candidate in _measured)
                candidate.Rounds[^1].Rates.Add(candidate.Load.RunAtRate(rate, options.Seconds, cancel));
        }

        await progress.WriteLineAsync($"round {round} of {options.Rounds}: maximum rate");
        foreach (var candidate in _measured)
            candidate.Rounds[^1].Most = candidate.Load.RunAtMaximum(options.Window, options.Seconds, cancel);
    }

    private async Task<double> MeasureIdleAsync(Peer peer)
    {
        await progress.WriteLineAsync($"{peer.Name}: {options.Idle} idle connections");
        // The first connections also load code and allocate shared buffers, which must not count as memory per connection.
        const int first = 50;
        await using var candidate = await MeasuredPeer.StartAsync(peer, options with { Subscribers = first }, cancel);
        await Task.Delay(TimeSpan.FromSeconds(options.Settle), TimeProvider.System, cancel);
        var before = CpuTime.GetResidentBytes(candidate.Running.Id);
        candidate.Load.Subscribe(options.Idle, cancel);
        await Task.Delay(TimeSpan.FromSeconds(options.Settle), TimeProvider.System, cancel);
        return (CpuTime.GetResidentBytes(candidate.Running.Id) - before) / (double)Math.Max(1, options.Idle - first);
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

    private async Task<PeerResult> CreateResultAsync(Peer peer, double? idleBytes) => new()
    {
        Name = peer.Name,
        Title = peer.Title,
        Version = await peer.GetVersionAsync(cancel),
        Rounds = _measured.Find(candidate => candidate.Peer == peer)?.Rounds ?? [],
        IdleBytes = idleBytes,
        Fault = _faults.GetValueOrDefault(peer.Name),
    };

    private static string DescribeMachine()
    {
        var processor = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? $"{RuntimeInformation.ProcessArchitecture}";
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Math.Pow(1024, 3);
        return string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} cores ({processor}), {memory:0} GiB, {RuntimeInformation.OSDescription}");
    }

    /// <summary>A running peer with its subscribers.</summary>
    private sealed record MeasuredPeer(Peer Peer, RunningPeer Running, LoadRun Load) : IAsyncDisposable
    {
        public List<PeerRound> Rounds { get; } = [];

        public static async Task<MeasuredPeer> StartAsync(Peer peer, PeersOptions options, CancellationToken cancel)
        {
            var running = await RunningPeer.StartAsync(peer, cancel);
            try
            {
                return new MeasuredPeer(peer, running, LoadRun.Open(
                    running.EndPoint, () => CpuTime.ForProcessTree(running.Id), peer.Wire,
                    options.Subscribers, Math.Max(options.Subscribers, options.Idle), TimeSpan.FromSeconds(options.Patience), cancel));
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
