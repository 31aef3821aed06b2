using System.Diagnostics;
using HdrHistogram;
using RawSocketChat.Tests.Benchmarks.Nodes.Processes;
using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Storage;
using RawSocketChat.Tests.Flood;

namespace RawSocketChat.Tests.Benchmarks.Nodes.Latency;

/// <summary>
/// Measures the time from the scheduled time of a message until the members of its room receive it, at the server of the sender (A) and at another
/// server (B). The sender never waits for an answer, so a slow server does not reduce the rate, and the delay of a late message counts.
/// </summary>
internal sealed class LatencyRun(LatencyOptions options, TextWriter progress, CancellationToken cancel)
{
    private const double WarmUpRate = 200;
    private static readonly TimeSpan LastMessageTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    // The time between the call that starts a measurement and its first message.
    private static readonly long Lead = Stopwatch.Frequency / 100;

    private readonly string[] _words = BenchmarkTexts.Create(1000, seed: 1);
    private long _number;

    public async Task<IReadOnlyList<LatencyResult>> RunAsync()
    {
        await using var cluster = await PostgresCluster.StartAsync(options.Folder, cancel);
        await using var servers = await ChatServers.StartAsync(2, await cluster.CreateDatabaseAsync(cancel), options.Folder, options.Settings);
        var (here, there) = (new List<RoomClient>(), new List<RoomClient>());
        try
        {
            here.Add(await RoomClient.ConnectAsync(servers.RawPorts[0], "sender", "create", cancel));
            var sender = here[0];
            for (var i = 0; i < options.Receivers; i++)
            {
                here.Add(await RoomClient.ConnectAsync(servers.RawPorts[0], $"a{i}", "join", cancel));
                there.Add(await RoomClient.ConnectAsync(servers.RawPorts[1], $"b{i}", "join", cancel));
            }

            if (options.WarmUp > 0)
                await MeasureAsync(sender, here, there, WarmUpRate, (int)(WarmUpRate * options.WarmUp));
            var results = new List<LatencyResult>();
            foreach (var rate in options.Rates)
            {
                results.Add(await MeasureAsync(sender, here, there, rate, options.CountMessages(rate)));
                await progress.WriteLineAsync($"measured: {rate:n0} messages/s");
            }

            return results;
        }
        finally
        {
            foreach (var client in here.Concat(there))
                client.Dispose();
        }
    }

    private async Task<LatencyResult> MeasureAsync(RoomClient sender, List<RoomClient> here, List<RoomClient> there, double rate, int count)
    {
        foreach (var client in here.Concat(there))
            client.Reset();
        // A thread of its own, because the exact waiting blocks.
        await Task.Factory.StartNew(() => Send(sender, rate, count), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var receivers = here.Skip(1).Concat(there).ToList();
        for (var start = Stopwatch.GetTimestamp(); receivers.Any(client => client.Received < count) && Stopwatch.GetElapsedTime(start) < LastMessageTimeout;)
        {
            if (receivers.Append(sender).FirstOrDefault(client => client.Fault is not null) is { } failed)
                throw new BenchmarkException($"a connection has failed: {failed.Fault}");
            await Task.Delay(PollInterval, cancel);
        }

        return new LatencyResult(rate, count, LatencyFigures.Create(here.Skip(1)), LatencyFigures.Create(there), receivers.Sum(client => Math.Max(0, count - client.Received)));
    }

    private void Send(RoomClient sender, double rate, int count)
    {
        var start = Stopwatch.GetTimestamp() + Lead;
        for (var i = 0; i < count && !cancel.IsCancellationRequested; i++)
        {
            var due = start + (long)(i * (Stopwatch.Frequency / rate));
            while (Stopwatch.GetTimestamp() < due && !cancel.IsCancellationRequested)
                Kernel.SleepUntil(Math.Min(due, Stopwatch.GetTimestamp() + Stopwatch.Frequency));
            _number++;
            sender.Say(_number, due, _words[_number % _words.Length]);
        }
    }
}

/// <summary>The result at one rate.</summary>
/// <param name="Rate">Messages per second.</param>
/// <param name="Messages">The number of messages.</param>
/// <param name="Here">The receivers at the server of the sender (A).</param>
/// <param name="There">The receivers at the other server (B).</param>
/// <param name="Lost">Messages that a receiver did not get within ten seconds.</param>
internal sealed record LatencyResult(double Rate, int Messages, LatencyFigures Here, LatencyFigures There, long Lost);

/// <summary>Latencies of all receivers at one server, in milliseconds.</summary>
internal readonly record struct LatencyFigures(double P50, double P99, double Worst)
{
    public static LatencyFigures Create(IEnumerable<RoomClient> clients)
    {
        var all = Measurements.CreateHistogram();
        foreach (var client in clients)
            all.Add(client.Latency);
        return new LatencyFigures(all.GetValueAtPercentile(50) / 1000.0, all.GetValueAtPercentile(99) / 1000.0, all.GetMaxValue() / 1000.0);
    }
}
