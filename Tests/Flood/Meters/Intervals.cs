using HdrHistogram;

namespace RawSocketChat.Tests.Flood.Meters;

/// <summary>What was measured since the last time, of all threads: the one who asks pays, not those who measure.</summary>
/// <remarks>
/// The threads go on writing meanwhile, and a histogram that is being written may be read a count or two short. What one
/// interval lacks the next one has: the last, taken when all is quiet, makes the sum exact.
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

    // By the counts alone: the totals beside them were read at another moment.
    private static void Subtract(LongHistogram now, LongHistogram before, LongHistogram since)
    {
        foreach (var value in now.RecordedValues())
        {
            var more = value.CountAtValueIteratedTo - before.GetCountAtValue(value.ValueIteratedTo);
            if (more > 0) since.RecordValueWithCount(value.ValueIteratedTo, more);
        }
    }
}
