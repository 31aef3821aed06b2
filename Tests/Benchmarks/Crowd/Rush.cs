using System.Diagnostics;
using HdrHistogram;

namespace RawSocketChat.Tests.Benchmarks.Crowd;

/// <summary>The clients of <see cref="StormBenchmark"/>.</summary>
internal sealed class Rush(int port, int movers, int stayers, double rate, int missed) : IDisposable
{
    private const string Room = "room-0";
    private const int QuietSeconds = 5;

    private readonly Member[] _movers = new Member[movers];
    private readonly Member[] _stayers = new Member[stayers];
    private readonly CancellationTokenSource _end = new();
    private LongConcurrentHistogram _ages = NewHistogram();
    private int _said;

    public static async Task<int> RunAsync(int port, int movers, int stayers, double rate, int missed)
    {
        using var rush = new Rush(port, movers, stayers, rate, missed);
        return await rush.RunAsync();
    }

    public void Dispose()
    {
        foreach (var member in _movers.Concat(_stayers))
            member.Dispose();
        _end.Dispose();
    }

    private async Task<int> RunAsync()
    {
        var began = Stopwatch.StartNew();
        _stayers[0] = new Member(port, "stays0", Room);
        await _stayers[0].CreateAsync();
        await JoinAllAsync(_stayers, 1, i => new Member(port, $"stays{i}", Room), _ => -1);
        await JoinAllAsync(_movers, 0, i => new Member(port, $"moves{i}", Room), _ => -1);
        Console.WriteLine($"joined in {began.Elapsed.TotalSeconds:0.0} s");
        await Console.In.ReadLineAsync();

        foreach (var stayer in _stayers)
            stayer.Aged = age => Volatile.Read(ref _ages).RecordValue(Math.Max(1, age));
        var first = _stayers[0].LastSeq;
        var talk = TalkAsync();
        await Task.Delay(TimeSpan.FromSeconds(QuietSeconds));
        Tell("quiet");

        var cursors = Array.ConvertAll(_movers, mover => mover.LastSeq);
        foreach (var mover in _movers)
            mover.Cut();
        await Task.WhenAll(_movers.Select(mover => mover.Ended));
        cursors = Array.ConvertAll(_movers, mover => mover.LastSeq);
        var faultsBefore = _movers.Sum(mover => mover.Faults);
        for (var i = 0; i < missed; i++)
            Say();
        while (_stayers[0].Acks < _said)
            await Task.Delay(5);
        _ages = NewHistogram();

        began.Restart();
        await JoinAllAsync(_movers, 0, i => new Member(port, $"moves{i}", Room), i => cursors[i]);
        var joined = began.Elapsed.TotalSeconds;
        var newest = _stayers[0].LastSeq;
        while (_movers.Any(mover => mover.LastSeq < newest) && began.Elapsed.TotalSeconds < 120)
            await Task.Delay(5);
        Console.WriteLine($"back: all joined again in {joined:0.00} s, all had what they missed (from {newest - cursors.Max():n0} to {newest - cursors.Min():n0} messages each) in {began.Elapsed.TotalSeconds:0.00} s");
        Tell("storm");
        await Task.Delay(TimeSpan.FromSeconds(QuietSeconds));
        Tell("after");

        await _end.CancelAsync();
        await talk;
        // Nobody else speaks there.
        var last = first + _said;
        while (_movers.Concat(_stayers).Any(member => member.LastSeq < last) && began.Elapsed.TotalSeconds < 150)
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

    private async Task TalkAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1 / rate));
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
                Say();
        }
        catch (OperationCanceledException)
        {
            // All was measured.
        }
    }

    private void Say() => _stayers[0].Say(Interlocked.Increment(ref _said));

    private void Tell(string phase)
    {
        var ages = Interlocked.Exchange(ref _ages, NewHistogram());
        double Of(double percentile) => ages.GetValueAtPercentile(percentile) * 1000.0 / Stopwatch.Frequency;
        Console.WriteLine($"{phase}: those who stayed heard {ages.TotalCount:n0} messages, p50 {Of(50):0.0} ms, p99 {Of(99):0.0} ms, at the most {Of(100):0.0} ms");
    }

    private static LongConcurrentHistogram NewHistogram() => new(1, 600L * Stopwatch.Frequency, 2);
}
