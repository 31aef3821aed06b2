using System.Diagnostics;
using HdrHistogram;

namespace RawSocketChat.Tests.Flood.Load;

/// <summary>
/// Publishes the messages at their scheduled times, on its own thread. A late message does not delay the next one. If all publishers of a
/// room are reconnecting, one of them sends the message after it has reconnected.
/// </summary>
/// <param name="publishers">The publishers of each room. They publish round-robin.</param>
/// <param name="publications">The messages and their scheduled times.</param>
/// <param name="onWarmUpEnd">Called at the end of the warm-up, before the first measured message.</param>
internal sealed class Publisher(IReadOnlyList<IReadOnlyList<Member>> publishers, Publications publications, Action onWarmUpEnd)
{
    /// <summary>
    /// Microseconds from the scheduled time of a message until the message was sent. Messages of the warm-up are not included.
    /// </summary>
    public LongHistogram Lateness { get; } = Measurements.CreateHistogram();

    public Task RunAsync(CancellationToken cancel) => Task.Factory.StartNew(
        () => Run(cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(CancellationToken cancel)
    {
        for (var number = 0; number < publications.Count; number++)
        {
            if (number == publications.WarmUpCount) onWarmUpEnd();
            if (!WaitUntil(publications.GetDueTime(number), cancel)) return;
            if (ChoosePublisher(number) is not { } publisher) return;
            var say = publications.EncodeSay(publisher.Index, number);
            publications.MarkSent(number);
            if (number >= publications.WarmUpCount)
                Measurements.Record(Lateness, publications.GetSentTime(number) - publications.GetDueTime(number));
            publisher.Publish(number, say);
        }
        if (publications.WarmUpCount >= publications.Count) onWarmUpEnd();
    }

    // Returns null when all publishers are closed.
    private Member? ChoosePublisher(int number)
    {
        var (turn, room) = Math.DivRem(number, publishers.Count);
        var members = publishers[room];
        for (var i = 0; i < members.Count; i++)
        {
            var member = members[(turn + i) % members.Count];
            if (member.IsJoined) return member;
        }
        return publishers.All(all => all.All(member => member.IsClosed)) ? null : members[turn % members.Count];
    }

    // Waits for whole milliseconds, rounded up, and does not spin, because the server may need the core. So a message is up to one
    // millisecond late. The report shows this delay as lateness.
    private static bool WaitUntil(long due, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            var left = due - Stopwatch.GetTimestamp();
            if (left <= 0) return true;
            cancel.WaitHandle.WaitOne((int)Math.Ceiling(left * 1000.0 / Stopwatch.Frequency));
        }
        return false;
    }
}
