using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Peers.Serving;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Tools.PeersTool;

/// <summary>Runs the load against a server that can misbehave. The load must report each fault, and must report no fault if the server has none.</summary>
[Category(Categories.Slow)] // runs the comparison for seconds
[Parallelizable(ParallelScope.Self)]
public sealed class LoadRunTests
{
    private const int Subscribers = 5;

    [Test]
    public void Every_subscriber_receives_every_message_if_the_publisher_sends_at_a_fixed_rate()
    {
        var result = Load(copies: null, load => load.RunAtRate(200, 0.1, CancellationToken.None));
        (result.Published, result.Expected, result.Delivered, result.Lost, result.Repeated).Should().Be((20, 100, 100, 0, 0));
        result.Max.Should().BeGreaterThanOrEqualTo(result.P99).And.BeGreaterThanOrEqualTo(result.P50).And.BePositive();
        result.CpuMicroseconds.Should().BeGreaterThanOrEqualTo(result.UserMicroseconds).And.BePositive();
    }

    [Test]
    public void Every_subscriber_receives_every_message_if_the_publisher_sends_at_the_maximum_rate()
    {
        var result = Load(copies: null, load => load.RunAtMaximum(window: 10, 0.05, CancellationToken.None));
        result.Published.Should().BePositive();
        (result.Published % 10, result.Delivered, result.Lost).Should().Be((0, result.Published * Subscribers, 0));
        result.PerSecond.Should().BeApproximately(result.Delivered / result.Seconds, 1e-3);
    }

    [Test]
    public void Message_counts_as_lost_if_one_subscriber_does_not_receive_it()
    {
        var result = Load((member, number) => (member, number) == (3, 7) ? 0 : 1, load => load.RunAtRate(200, 0.1, CancellationToken.None));
        (result.Delivered, result.Lost, result.Repeated).Should().Be((99, 1, 0));
    }

    [Test]
    public void Missing_last_message_counts_as_lost()
    {
        var result = Load((member, number) => (member, number) == (0, 19) ? 0 : 1, load => load.RunAtRate(200, 0.1, CancellationToken.None));
        (result.Delivered, result.Lost, result.Repeated).Should().Be((99, 1, 0));
    }

    [Test]
    public void Repeated_message_does_not_hide_a_lost_one()
    {
        var result = Load((member, number) => (member, number) switch { (3, 7) => 2, (4, 7) => 0, _ => 1 }, load => load.RunAtRate(200, 0.1, CancellationToken.None));
        (result.Delivered, result.Lost, result.Repeated).Should().Be((99, 1, 1));
    }

    [Test]
    public void Sending_at_the_maximum_rate_stops_after_a_lost_message()
    {
        var result = Load((member, number) => (member, number) == (3, 7) ? 0 : 1, load => load.RunAtMaximum(window: 10, 60, CancellationToken.None));
        (result.Published, result.Lost).Should().Be((10, 1));
    }

    [Test]
    public void Lost_message_of_one_measurement_does_not_count_in_the_next()
    {
        var result = Load((member, number) => (member, number) == (3, 7) ? 0 : 1, load =>
        {
            load.RunAtRate(200, 0.1, CancellationToken.None);
            return load.RunAtRate(200, 0.1, CancellationToken.None);
        });
        (result.Published, result.Delivered, result.Lost).Should().Be((20, 100, 0));
    }

    private static LoadResult Load(Func<int, int, int>? copies, Func<LoadRun, LoadResult> measure)
    {
        using var stop = new CancellationTokenSource();
        using var server = new FloorServer(port: 0) { CopyCount = copies };
        var serving = new Thread(() => server.Run(stop.Token));
        serving.Start();
        try
        {
            // Measures the CPU time of this process only, because other tests start and end child processes at the same time.
            using var load = LoadRun.Open(
                server.EndPoint, () => CpuTime.ForProcess(Environment.ProcessId), new PlainWire(), Subscribers, Subscribers,
                timeout: TimeSpan.FromSeconds(copies is null ? 30 : 1), CancellationToken.None);
            return measure(load);
        }
        finally
        {
            stop.Cancel();
            serving.Join();
        }
    }
}
