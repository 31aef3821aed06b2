using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Tests.Benchmarks.Storage;

/// <summary>Measures how long an event waits for its commit while another caller removes many expired guest sessions, and then the guests.</summary>
internal static class CleanUpBenchmark
{
    public static async Task<int> RunAsync(int sessions, string? folder)
    {
        using var place = new BenchmarkFolder(folder);
        var now = DateTimeOffset.UtcNow;
        using (var filling = place.Open(durability: Durability.Process))
        {
            var store = new SqlIdentityStore(filling);
            for (var done = 0; done < sessions; done += 10_000)
                await Task.WhenAll(Enumerable.Range(done, Math.Min(10_000, sessions - done)).Select(i => store.SaveSessionAsync(CreateSession(i, now), CancellationToken.None).AsTask()));
        }

        using var storage = place.Open();
        var (log, identities) = (new SqlRoomLog(storage), new SqlIdentityStore(storage));
        await log.OpenAsync("lobby", CancellationToken.None);
        Console.WriteLine($"{"removal",-34} {"seconds",8} {"events stored",14} {"median ms",10} {"p99 ms",8} {"worst ms",9}");
        await MeasureAsync("nothing", Task.Delay(TimeSpan.FromSeconds(2)));
        await MeasureAsync($"{sessions:n0} expired sessions", Task.Run(() => identities.RemoveExpiredSessionsAsync(now.AddHours(1), now.AddHours(1), max: 100_000, CancellationToken.None).AsTask()));
        await MeasureAsync($"{sessions:n0} guests without a session", Task.Run(() => Retention.RemoveForgottenUsersAsync(storage, CancellationToken.None)));
        await MeasureAsync("regular removal, no old data", Task.Run(async () =>
        {
            await identities.RemoveExpiredSessionsAsync(now.AddHours(1), now.AddHours(1), max: 100_000, CancellationToken.None);
            await Retention.RemoveForgottenUsersAsync(storage, CancellationToken.None);
            await Retention.TrimEventsAsync(storage, NullLogger.Instance, CancellationToken.None);
        }));
        return 0;

        async Task MeasureAsync(string what, Task removing)
        {
            var (waits, total) = (new List<double>(), Stopwatch.StartNew());
            while (!removing.IsCompleted)
            {
                var start = Stopwatch.GetTimestamp();
                await log.AppendAsync("lobby", [BenchmarkFolder.CreateEvent("u", null)], CancellationToken.None);
                waits.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            await removing;
            waits.Sort();
            Console.WriteLine($"{what,-34} {total.Elapsed.TotalSeconds,8:0.00} {waits.Count,14:n0} {Statistics.Median(waits),10:0.0} {waits[(int)(waits.Count * 0.99)],8:0.0} {waits[^1],9:0.0}");
        }
    }

    private static StoredSession CreateSession(int i, DateTimeOffset now) => new(Guid.NewGuid().ToString("n") + Guid.NewGuid().ToString("n"), $"u{Guid.NewGuid():n}"[..17], $"guest{i}", IsGuest: true, now);
}
