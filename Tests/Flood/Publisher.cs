using System.Diagnostics;
using HdrHistogram;

namespace RawSocketChat.Tests.Flood;

/// <summary>
/// Sends the messages when they are due, from a thread of its own, by turns on its connections. The schedule is open:
/// a message that left late does not put off the next one.
/// </summary>
internal sealed class Publisher(IReadOnlyList<FloodClient> clients, Publications publications)
{
    /// <summary>Microseconds between due and left.</summary>
    public LongHistogram Lateness { get; } = Measurements.NewHistogram();

    public Task RunAsync(CancellationToken cancel) => Task.Factory.StartNew(
        () => Run(cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(CancellationToken cancel)
    {
        for (var number = 0; number < publications.Count; number++)
        {
            if (!WaitUntil(publications.DueAt(number), cancel)) return;
            var publisher = number % clients.Count;
            var say = publications.Say(publisher, number);
            publications.Leaving(number);
            Measurements.Record(Lateness, publications.SentAt(number) - publications.DueAt(number));
            clients[publisher].SendText(say);
        }
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
