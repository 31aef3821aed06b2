using System.Diagnostics;
using System.Globalization;
using HdrHistogram;
using RawSocketChat.Tests.Benchmarks.Nodes.Processes;
using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Storage;

namespace RawSocketChat.Tests.Benchmarks.Nodes.Acks;

/// <summary>Measures acknowledged messages of many senders, with SQLite and with several servers on PostgreSQL.</summary>
internal sealed class AckRun(AckOptions options, TextWriter progress, CancellationToken cancel)
{
    // The maximum time for which the senders wait for the last acks.
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Returns one result for each mode and window: the run with the median rate.</summary>
    public async Task<IReadOnlyList<AckResult>> RunAsync()
    {
        await using var cluster = await PostgresCluster.StartAsync(options.Folder, cancel);
        var all = new List<AckResult>();
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var window in options.Windows)
            {
                if (options.Sqlite)
                    await AddAsync(null, 1, window);
                foreach (var count in options.Servers)
                    await AddAsync(cluster, count, window);
            }
        }

        return [.. all.GroupBy(result => (result.Mode, result.Window)).Select(runs => runs.OrderBy(run => run.AcksPerSecond).ElementAt(runs.Count() / 2))];

        async Task AddAsync(PostgresCluster? postgres, int servers, int window)
        {
            all.Add(await MeasureAsync(postgres, servers, window));
            await progress.WriteLineAsync($"measured: {all[^1].Mode}, {window} in flight: {all[^1].AcksPerSecond:n0} acks/s");
        }
    }

    private async Task<AckResult> MeasureAsync(PostgresCluster? cluster, int count, int window)
    {
        var database = cluster is null ? null : await cluster.CreateDatabaseAsync(cancel);
        await using var servers = await ChatServers.StartAsync(count, database, options.Folder, options.Settings);
        await using var meter = cluster is null ? null : await DatabaseMeter.CreateAsync(cluster, database!, cancel);
        var layout = new SenderLayout(options.Senders, options.Rooms, count);
        var senders = new List<Sender>();
        try
        {
            for (var i = 0; i < options.Senders; i++)
            {
                var (port, room) = (servers.RawPorts[layout.GetServer(i)], $"r{layout.GetRoom(i)}");
                senders.Add(i < options.Rooms ? await Sender.ConnectAsync(port, room) : await Sender.JoinAsync(port, room));
            }

            return await MeasureAsync(cluster, servers, meter, senders, window);
        }
        finally
        {
            foreach (var sender in senders)
                sender.Dispose();
        }
    }

    private async Task<AckResult> MeasureAsync(PostgresCluster? cluster, ChatServers servers, DatabaseMeter? meter, List<Sender> senders, int window)
    {
        var interval = new MeasuredInterval();
        var running = Task.WhenAll(senders.Select(sender => Task.Run(() => sender.RunAsync(window, interval))));
        await Task.Delay(TimeSpan.FromSeconds(options.WarmUp), cancel);
        var before = meter is null ? null : await meter.ReadAsync(cancel);
        var machine = new MachineLoad(() => servers.GetCpu() + (cluster is null ? default : CpuTime.ForProcessTree(cluster.Id)));
        var (serverCpu, writerCpu, ownCpu) = (servers.CpuSeconds, servers.WriterSeconds, Environment.CpuUsage.TotalTime.TotalSeconds);
        interval.Begin();
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds), cancel);
        // The senders stop when the interval ends. So read PostgreSQL before, while it still works as before.
        var after = meter is null ? null : await meter.ReadAsync(cancel);
        var (acks, seconds) = interval.End();
        (serverCpu, writerCpu, ownCpu) = (servers.CpuSeconds - serverCpu, servers.WriterSeconds - writerCpu, Environment.CpuUsage.TotalTime.TotalSeconds - ownCpu);
        var otherCores = machine.BusyCores;
        await running.WaitAsync(EndTimeout, cancel);
        if (acks == 0)
            throw new BenchmarkException(string.Create(CultureInfo.InvariantCulture, $"no ack arrived in {seconds:0.#} s; use a larger --seconds, or a machine that is less busy"));

        var latency = new LongHistogram(TimeStamp.Minutes(1), 2);
        foreach (var sender in senders)
            latency.Add(sender.Latency);
        var toMilliseconds = Stopwatch.Frequency / 1000.0;
        return new AckResult
        {
            Mode = meter is null ? "SQLite, 1 server" : $"PostgreSQL, {servers.Count} server{(servers.Count == 1 ? "" : "s")}",
            IsPostgres = meter is not null,
            Servers = servers.Count,
            Senders = senders.Count,
            Rooms = options.Rooms,
            Window = window,
            Seconds = seconds,
            Acks = acks,
            Deliveries = interval.Deliveries,
            ClientBytes = interval.Bytes,
            P50Milliseconds = latency.GetValueAtPercentile(50) / toMilliseconds,
            P99Milliseconds = latency.GetValueAtPercentile(99) / toMilliseconds,
            ServerCpu = serverCpu,
            WriterCpu = writerCpu,
            GeneratorCpu = ownCpu,
            OtherCores = otherCores,
            CommitCpu = after?.GetCpu(SessionKind.Commits, before!) ?? 0,
            ReadCpu = after?.GetCpu(SessionKind.Reads, before!) ?? 0,
            AnnouncementCpu = after?.GetCpu(SessionKind.Announcements, before!) ?? 0,
            BackgroundCpu = after?.GetCpu(SessionKind.Background, before!) ?? 0,
            Commits = after is null ? 0 : after.Commits - before!.Commits,
            NotifyStatements = after?.NotifyStatements - before?.NotifyStatements,
            Notices = after?.Notices - before?.Notices,
            Pages = after?.Pages - before?.Pages,
            DatabaseBytes = after?.SocketBytes - before?.SocketBytes,
            WalBytes = after is null ? 0 : after.WalBytes - before!.WalBytes,
        };
    }
}
