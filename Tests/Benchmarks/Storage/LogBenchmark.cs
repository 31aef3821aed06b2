using System.Diagnostics;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Tests.Benchmarks.Storage;

/// <summary>
/// Measures the log alone, without sockets. Each sender appends events with client ids to its own room. It appends one event at a time, and
/// waits until this event is stored and synced.
/// </summary>
internal static class LogBenchmark
{
    public static async Task<int> RunAsync(int[] senders, double seconds, int rounds, string? folder)
    {
        var rates = new Dictionary<(int Senders, int CommitEvents), List<(double Rate, double Cpu)>>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var count in senders)
            {
                foreach (var commitEvents in (int[])[1, 8192])
                {
                    var rate = await MeasureAsync(count, commitEvents, seconds, folder);
                    if (!rates.TryGetValue((count, commitEvents), out var known))
                        rates.Add((count, commitEvents), known = []);
                    known.Add(rate);
                }
            }
        }

        Console.WriteLine($"{"senders",8} {"one commit each",16} {"group commit",16} {"ratio",8} {"CPU µs per event",18}   (stored and synced events per second, medians of {rounds} rounds, interleaved)");
        foreach (var count in senders)
        {
            var (alone, together) = (Statistics.Median(rates[(count, 1)].Select(r => r.Rate)), Statistics.Median(rates[(count, 8192)].Select(r => r.Rate)));
            var ratio = Statistics.Median(rates[(count, 8192)].Zip(rates[(count, 1)], (with, without) => with.Rate / without.Rate));
            Console.WriteLine($"{count,8} {alone,16:n0} {together,16:n0} {ratio,8:0.0} {Statistics.Median(rates[(count, 8192)].Select(r => r.Cpu)),18:0.0}");
        }

        return 0;
    }

    private static async Task<(double Rate, double Cpu)> MeasureAsync(int senders, int commitEvents, double seconds, string? folder)
    {
        using var place = new BenchmarkFolder(folder);
        using var storage = place.Open(commitEvents);
        var log = new SqlRoomLog(storage);
        for (var i = 0; i < senders; i++)
            await log.OpenAsync($"r{i}", CancellationToken.None);

        var (watch, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        var done = await Task.WhenAll(Enumerable.Range(0, senders).Select(i => Task.Run(async () =>
        {
            var count = 0L;
            for (; watch.Elapsed.TotalSeconds < seconds; count++)
                await log.AppendAsync($"r{i}", [BenchmarkFolder.CreateEvent($"u{i}", $"{count}")], CancellationToken.None);
            return count;
        })));
        return (done.Sum() / watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / done.Sum());
    }
}
