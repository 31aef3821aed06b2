using System.Diagnostics;

namespace RawSocketChat.Tests.Flood.Load;

/// <summary>
/// Cuts connections while messages are published: a given percentage of all connections each second. A connection is cut after it has
/// received some more bytes, so the cut may be in the middle of a frame. The member reconnects within half a second. The seed selects the
/// members and the times.
/// </summary>
internal sealed class Churn(IReadOnlyList<Member> members, double percentPerSecond, int seed, TimeProvider time)
{
    // If a cut waited for more bytes than this, it would often wait for the next message, and would not happen inside a frame.
    private const int MaxBytesBeforeCut = 2000;

#pragma warning disable CA5394 // the seed makes the numbers repeatable, and they are not secret
    private readonly Random _random = new(seed);

    public async Task RunAsync(CancellationToken until)
    {
        var candidates = members.Where(member => member.Pace is null).ToList();
        var cutsPerSecond = members.Count * percentPerSecond / 100;
        if (cutsPerSecond <= 0 || candidates.Count == 0) return;
        var start = Stopwatch.GetTimestamp();
        for (var cuts = 1; ; cuts++)
        {
            var due = TimeSpan.FromSeconds(cuts / cutsPerSecond) - Stopwatch.GetElapsedTime(start);
            if (due > TimeSpan.Zero)
                await Task.Delay(due, time, until).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (until.IsCancellationRequested) return;
            candidates[_random.Next(candidates.Count)].Cut(_random.Next(MaxBytesBeforeCut), TimeSpan.FromMilliseconds(_random.Next(500)));
        }
    }
#pragma warning restore CA5394
}
