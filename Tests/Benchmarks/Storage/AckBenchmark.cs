using System.Diagnostics;
using HdrHistogram;

namespace RawSocketChat.Tests.Benchmarks.Storage;

/// <summary>
/// Measures the whole server over sockets. Each sender is alone in its own room, so each broadcast has only one receiver. A sender sends
/// messages with ids. When an ack arrives, the sender sends the next message.
/// </summary>
internal static class AckBenchmark
{
    private const string GroupCommit = "full";
    private const string NoSearch = "full, no search index";
    private const string SingleCommits = "full, one commit each";
    private const string CostAccount = "full, cost account";

    private static readonly Mode[] Modes =
    [
        new(GroupCommit, []),
        new(NoSearch, ["--Data:Search", "false"]),
        // The server charges each request of the senders, as if they were on other machines. The limits are so high that nothing is rejected.
        new(CostAccount,
        [
            "--Limits:Enabled", "true", "--Limits:MessagesPerSecond", "1000000", "--Limits:MessageBurst", "1000000", "--Limits:RequestsPerSecond", "1000000",
            "--Limits:FramesPerSecond", "1000000", "--Addresses:ChargeLoopback", "true", "--Addresses:PointsPerSecond", "1000000",
            "--Addresses:PointBurst", "100000000", "--Addresses:Connections", "1000000", "--Addresses:GuestRoomsPerDay", "1000000",
        ]),
        new(SingleCommits, ["--Data:CommitEvents", "1"]),
        new("process", ["--Data:Durability", "process"]),
        new("none", ["--Data:Durability", "none"]),
    ];

    private static readonly Mode[] PostgresModes =
    [
        new("PostgreSQL", [], IsPostgres: true),
        new("PostgreSQL, no search", ["--Data:Search", "false"], IsPostgres: true),
        new("PostgreSQL, process", ["--Data:Durability", "process"], IsPostgres: true),
    ];

    /// <param name="postgres">The connection string of a user that may create databases; null to measure SQLite only.</param>
    public static async Task<int> RunAsync(int[] senders, int window, double seconds, int rounds, string? folder, string? postgres)
    {
        Mode[] modes = postgres is null ? Modes : [.. Modes, .. PostgresModes];
        var results = new Dictionary<(string, int), List<(double Rate, double P50, double P99, double Cpu)>>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var count in senders)
            {
                foreach (var (name, settings, isPostgres) in modes)
                {
                    await using var database = isPostgres ? await BenchmarkDatabase.CreateAsync(postgres!) : null;
                    string[] all = database is null ? settings : [.. settings, "--Data:Postgres", database.ConnectionString];
                    var result = await MeasureAsync(count, GetWindow(name, window), seconds, folder, all);
                    if (!results.TryGetValue((name, count), out var known))
                        results.Add((name, count), known = []);
                    known.Add(result);
                }
            }
        }

        Console.WriteLine($"window {window}, 128 bytes of words, medians of {rounds} rounds of {seconds} s; server and senders share this machine's {Environment.ProcessorCount} cores");
        Console.WriteLine($"{"mode",-22} {"senders",8} {"acks/s",10} {"p50 ms",8} {"p99 ms",8} {"server CPU µs per ack",22}");
        foreach (var count in senders)
        {
            foreach (var name in modes.Select(mode => mode.Name))
            {
                var all = results[(name, count)];
                Console.WriteLine($"{name,-22} {count,8} {Statistics.Median(all.Select(r => r.Rate)),10:n0} {Statistics.Median(all.Select(r => r.P50)),8:0.00} {Statistics.Median(all.Select(r => r.P99)),8:0.00} {Statistics.Median(all.Select(r => r.Cpu)),22:0.0}");
            }

            // Compare the two modes of the same round. They were measured one after the other, so the speed of the machine was about the same.
            var ratios = results[(GroupCommit, count)].Zip(results[(SingleCommits, count)], (with, without) => with.Rate / without.Rate).ToList();
            Console.WriteLine($"{"",-22} {count,8} full is {Statistics.Median(ratios):0.0} times as fast as one commit per event ({string.Join(", ", ratios.Select(ratio => $"{ratio:0.0}"))})");
            var shares = results[(NoSearch, count)].Zip(results[(GroupCommit, count)], (without, with) => 1 - (with.Rate / without.Rate)).ToList();
            Console.WriteLine($"{"",-22} {count,8} the search index takes {Statistics.Median(shares):p0} of the acks per second ({string.Join(", ", shares.Select(share => $"{share:p0}"))})");
            var costs = results[(GroupCommit, count)].Zip(results[(CostAccount, count)], (without, with) => with.Rate / without.Rate).ToList();
            Console.WriteLine($"{"",-22} {count,8} with the cost account: {Statistics.Median(costs):0.00} times the acks per second ({string.Join(", ", costs.Select(ratio => $"{ratio:0.00}"))})");
        }

        return 0;
    }

    // While the server stores a batch of a room, it collects the room's next messages in another batch, and it never splits a batch. Each sender
    // has its own room. So each message gets its own commit only if each sender has at most one message in flight.
    private static int GetWindow(string mode, int window) => mode == SingleCommits ? 1 : window;

    private static async Task<(double Rate, double P50, double P99, double Cpu)> MeasureAsync(int count, int window, double seconds, string? folder, string[] settings)
    {
        using var place = new BenchmarkFolder(folder);
        await using var server = await RunningServer.StartAsync(place.Folder, settings);
        var senders = new Sender[count];
        for (var i = 0; i < count; i++)
            senders[i] = await Sender.ConnectAsync(server.RawPort, $"r{i}");

        // Warm up for three seconds, until the runtime has compiled the hot code. Then measure.
        var measure = new MeasuredInterval();
        var running = Task.WhenAll(senders.Select(sender => Task.Run(() => sender.RunAsync(window, measure))));
        await Task.Delay(TimeSpan.FromSeconds(3));
        var cpu = server.Cpu;
        measure.Begin();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        var (acks, elapsed) = measure.End();
        cpu = server.Cpu - cpu;
        await running;
        foreach (var sender in senders)
            sender.Dispose();
        var histogram = new LongHistogram(TimeStamp.Minutes(1), 3);
        foreach (var sender in senders)
            histogram.Add(sender.Latency);
        var toMs = Stopwatch.Frequency / 1000.0;
        return (acks / elapsed, histogram.GetValueAtPercentile(50) / toMs, histogram.GetValueAtPercentile(99) / toMs, cpu.TotalMicroseconds / Math.Max(1, acks));
    }

    private sealed record Mode(string Name, string[] Settings, bool IsPostgres = false);
}
