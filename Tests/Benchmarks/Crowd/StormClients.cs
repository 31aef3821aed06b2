using System.Diagnostics;
using HdrHistogram;

namespace RawSocketChat.Tests.Benchmarks.Crowd;

/// <summary>The clients of <see cref="StormBenchmark"/>.</summary>
internal sealed class StormClients(int port, int movers, int stayers, double rate, int missed) : IDisposable
{
    private const string Room = "room-0";
    private const int QuietSeconds = 5;

    private readonly Member[] _movers = new Member[movers];
    private readonly Member[] _stayers = new Member[stayers];
    private readonly CancellationTokenSource _stop = new();
    private LongConcurrentHistogram _latencies = CreateHistogram();
    private int _sent;

    public static async Task<int> RunAsync(int port, int movers, int stayers, double rate, int missed)
    {
        using var clients = new StormClients(port, movers, stayers, rate, missed);
        return await clients.RunAsync();
    }

    public void Dispose()
    {
        foreach (var member in _movers.Concat(_stayers))
            member.Dispose();
        _stop.Dispose();
    }

    private async Task<int> RunAsync()
    {
        var watch = Stopwatch.StartNew();
        _stayers[0] = new Member(port, "stays0", Room);
        await _stayers[0].CreateAsync();
        await JoinAllAsync(_stayers, 1, i => new Member(port, $"stays{i}", Room), _ => -1);
        await JoinAllAsync(_movers, 0, i => new Member(port, $"moves{i}", Room), _ => -1);
        Console.WriteLine($"joined in {watch.Elapsed.TotalSeconds:0.0} s");
        await Console.In.ReadLineAsync();

        foreach (var stayer in _stayers)
            stayer.OnLatency = latency => Volatile.Read(ref _latencies).RecordValue(Math.Max(1, latency));
        var first = _stayers[0].LastSeq;
        var publishing = PublishAsync();
        await Task.Delay(TimeSpan.FromSeconds(QuietSeconds));
        Report("quiet");

        var cursors = Array.ConvertAll(_movers, mover => mover.LastSeq);
        foreach (var mover in _movers)
            mover.Abort();
        await Task.WhenAll(_movers.Select(mover => mover.Ended));
        cursors = Array.ConvertAll(_movers, mover => mover.LastSeq);
        var faultsBefore = _movers.Sum(mover => mover.Faults);
        for (var i = 0; i < missed; i++)
            Publish();
        while (_stayers[0].Acks < _sent)
            await Task.Delay(5);
        _latencies = CreateHistogram();

        watch.Restart();
        await JoinAllAsync(_movers, 0, i => new Member(port, $"moves{i}", Room), i => cursors[i]);
        var joined = watch.Elapsed.TotalSeconds;
        var newest = _stayers[0].LastSeq;
        while (_movers.Any(mover => mover.LastSeq < newest) && watch.Elapsed.TotalSeconds < 120)
            await Task.Delay(5);
        Console.WriteLine($"back: all had joined again after {joined:0.00} s, and had recovered {newest - cursors.Max():n0} to {newest - cursors.Min():n0} messages each after {watch.Elapsed.TotalSeconds:0.00} s");
        Report("storm");
        await Task.Delay(TimeSpan.FromSeconds(QuietSeconds));
        Report("after");

        await _stop.CancelAsync();
        await publishing;
        // Only this client sends to the room, so the number of its messages gives the last seq.
        var last = first + _sent;
        while (_movers.Concat(_stayers).Any(member => member.LastSeq < last) && watch.Elapsed.TotalSeconds < 150)
            await Task.Delay(5);
        var behind = _movers.Concat(_stayers).Count(member => member.LastSeq != last);
        Console.WriteLine($"faults {faultsBefore + behind + _movers.Concat(_stayers).Sum(member => member.Faults)}");
        await Console.In.ReadLineAsync();
        return 0;
    }

    private static Task JoinAllAsync(Member[] members, int first, Func<int, Member> make, Func<int, long> after) =>
        Parallel.ForAsync(first, members.Length, new ParallelOptions { MaxDegreeOfParallelism = 256 }, async (i, _) =>
        {
            members[i] = make(i);
            await members[i].JoinAsync(after(i));
        });

    private async Task PublishAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1 / rate));
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
                Publish();
        }
        catch (OperationCanceledException)
        {
            // The measurement has ended.
        }
    }

    private void Publish() => _stayers[0].Say(Interlocked.Increment(ref _sent));

    private void Report(string phase)
    {
        var latencies = Interlocked.Exchange(ref _latencies, CreateHistogram());
        double Percentile(double percentile) => latencies.GetValueAtPercentile(percentile) * 1000.0 / Stopwatch.Frequency;
        Console.WriteLine($"{phase}: the clients that stayed received {latencies.TotalCount:n0} messages, p50 {Percentile(50):0.0} ms, p99 {Percentile(99):0.0} ms, max {Percentile(100):0.0} ms");
    }

    private static LongConcurrentHistogram CreateHistogram() => new(1, 600L * Stopwatch.Frequency, 2);
}
