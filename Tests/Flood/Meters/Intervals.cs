using HdrHistogram;

namespace RawSocketChat.Tests.Flood.Meters;

/// <summary>Computes the measurements of all threads since the previous call. The measuring threads do no additional work for it.</summary>
/// <remarks>
/// The threads write while this class reads, so a few values may be missing in an interval. The next interval then includes these values.
/// The last interval is read after the threads have stopped, so the sum of all intervals is exact.
/// </remarks>
internal sealed class Intervals(Func<IEnumerable<Measurements>> threads)
{
    private Measurements _before = new();

    public Measurements Next()
    {
        var now = new Measurements();
        foreach (var thread in threads()) now.Add(thread);
        var since = new Measurements();
        Subtract(now.FromDue, _before.FromDue, since.FromDue);
        Subtract(now.FromSend, _before.FromSend, since.FromSend);
        Subtract(now.Acks, _before.Acks, since.Acks);
        Subtract(now.Recovery, _before.Recovery, since.Recovery);
        _before = now;
        return since;
    }

    // Subtracts the counts of single values. The total of a histogram is not used: a thread may have changed it after the counts were read.
    private static void Subtract(LongHistogram now, LongHistogram before, LongHistogram since)
    {
        foreach (var value in now.RecordedValues())
        {
            var added = value.CountAtValueIteratedTo - before.GetCountAtValue(value.ValueIteratedTo);
            if (added > 0) since.RecordValueWithCount(value.ValueIteratedTo, added);
        }
    }
}
