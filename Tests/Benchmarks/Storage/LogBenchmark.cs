using System.Diagnostics;
using RawSocketChat.Server.Storage.Sqlite;

namespace RawSocketChat.Tests.Benchmarks.Storage;

/// <summary>
/// The log alone, without sockets: each sender appends to a room of its own, an event at a time with a client id, and waits
/// until it is stored and synced.
/// </summary>
internal static class LogBenchmark
{
    public static async Task<int> RunAsync(int[] senders, double seconds, int rounds, string? folder)
    {
        var rates = new Dictionary<(int Senders, int CommitEvents), List<double>>();
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

        Console.WriteLine($"{"senders",8} {"a commit each",16} {"together",16} {"ratio",8}   (stored and synced events a second, medians of {rounds})");
        foreach (var count in senders)
        {
            var (alone, together) = (Median.Of(rates[(count, 1)]), Median.Of(rates[(count, 8192)]));
            Console.WriteLine($"{count,8} {alone,16:n0} {together,16:n0} {together / alone,8:0.0}");
        }

        return 0;
    }

    private static async Task<double> MeasureAsync(int senders, int commitEvents, double seconds, string? folder)
    {
        using var place = new Workplace(folder);
        using var storage = place.Open(commitEvents);
        var log = new SqliteRoomLog(storage);
        for (var i = 0; i < senders; i++)
            await log.OpenAsync($"r{i}", CancellationToken.None);

        var watch = Stopwatch.StartNew();
        var done = await Task.WhenAll(Enumerable.Range(0, senders).Select(i => Task.Run(async () =>
        {
            var count = 0L;
            for (; watch.Elapsed.TotalSeconds < seconds; count++)
                await log.AppendAsync($"r{i}", [Workplace.Said($"u{i}", $"{count}")], CancellationToken.None);
            return count;
        })));
        return done.Sum() / watch.Elapsed.TotalSeconds;
    }
}
