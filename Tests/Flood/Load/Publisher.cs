using System.Diagnostics;
using HdrHistogram;

namespace RawSocketChat.Tests.Flood.Load;

/// <summary>
/// Sends the messages when they are due, from a thread of its own. The schedule is open: a message that left late does not put off
/// the next one, and one whose publishers are all away is left to them for when they are back.
/// </summary>
/// <param name="publishers">Of each room, who publishes there by turns.</param>
/// <param name="publications">What is said, and when.</param>
/// <param name="warm">Called when the warm-up is over, before the first message that is measured.</param>
internal sealed class Publisher(IReadOnlyList<IReadOnlyList<Member>> publishers, Publications publications, Action warm)
{
    /// <summary>Microseconds between due and left, the warm-up left out.</summary>
    public LongHistogram Lateness { get; } = Measurements.NewHistogram();

    public Task RunAsync(CancellationToken cancel) => Task.Factory.StartNew(
        () => Run(cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(CancellationToken cancel)
    {
        for (var number = 0; number < publications.Count; number++)
        {
            if (number == publications.WarmUp) warm();
            if (!WaitUntil(publications.DueAt(number), cancel)) return;
            if (Turn(number) is not { } publisher) return;
            var say = publications.Say(publisher.Index, number);
            publications.Leaving(number);
            if (number >= publications.WarmUp)
                Measurements.Record(Lateness, publications.SentAt(number) - publications.DueAt(number));
            publisher.Say(number, say);
        }
        if (publications.WarmUp >= publications.Count) warm();
    }

    // Null where everybody is gone for good.
    private Member? Turn(int number)
    {
        var (turn, its) = Math.DivRem(number, publishers.Count);
        var there = publishers[its];
        for (var i = 0; i < there.Count; i++)
        {
            var member = there[(turn + i) % there.Count];
            if (member.IsIn) return member;
        }
        return publishers.All(room => room.All(member => member.IsOver)) ? null : there[turn % there.Count];
    }

    // Whole milliseconds, rounded up: a message leaves up to one late (the report shows it) rather than that this thread
    // spins on one of the cores that the server needs.
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
