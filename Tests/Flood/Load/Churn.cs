using System.Diagnostics;

namespace RawSocketChat.Tests.Flood.Load;

/// <summary>
/// Tears lines while messages are sent: so many percent of the connections a second, each after a number of bytes more (wherever in
/// a frame that is), for up to half a second. Who is cut, when and for how long, its seed says.
/// </summary>
internal sealed class Churn(IReadOnlyList<Member> members, double percentASecond, int seed, TimeProvider time)
{
    // Beyond that a cut would wait for the next message rather than tear one.
    private const int MostBytes = 2000;

#pragma warning disable CA5394 // repeatable by its seed, and no secret
    private readonly Random _random = new(seed);

    public async Task RunAsync(CancellationToken until)
    {
        var candidates = members.Where(member => member.Pace is null).ToList();
        var aSecond = members.Count * percentASecond / 100;
        if (aSecond <= 0 || candidates.Count == 0) return;
        var start = Stopwatch.GetTimestamp();
        for (var cuts = 1; ; cuts++)
        {
            var due = TimeSpan.FromSeconds(cuts / aSecond) - Stopwatch.GetElapsedTime(start);
            if (due > TimeSpan.Zero)
                await Task.Delay(due, time, until).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (until.IsCancellationRequested) return;
            candidates[_random.Next(candidates.Count)].Cut(_random.Next(MostBytes), TimeSpan.FromMilliseconds(_random.Next(500)));
        }
    }
#pragma warning restore CA5394
}
