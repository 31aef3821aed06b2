using RawSocketChat.Server.Connections;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Connections;

/// <summary>Pumps that never wait for input must not occupy the whole thread pool, because other connections need threads too.</summary>
public sealed class BusyLaneTests
{
    [Test]
    public async Task Only_a_few_busy_pumps_run_at_the_same_time_and_all_of_them_complete()
    {
        var (running, maxRunning) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(PumpAsync))).OrFail("the end of the pumps");
        maxRunning.Should().BeInRange(1, BusyLane.MaxRunning);

        async Task PumpAsync()
        {
            for (var i = 0; i < 200; i++)
            {
                await BusyLane.Shared.YieldAsync();
                maxRunning = Math.Max(maxRunning, Interlocked.Increment(ref running));
                Thread.SpinWait(100);
                Interlocked.Decrement(ref running);
            }
        }
    }
}
