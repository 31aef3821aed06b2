using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Peers.Serving;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;

namespace RawSocketChat.Tests.PeersTool;

/// <summary>The load on a server that misbehaves on command: each fault must be seen, and none where there is none.</summary>
public sealed class LoadRunTests
{
    private const int Subscribers = 5;

    [Test]
    public void All_that_is_published_comes_to_all()
    {
        var result = Load(copies: null, load => load.AtRate(200, 0.1, CancellationToken.None));
        (result.Published, result.Expected, result.Delivered, result.Lost, result.Repeated).Should().Be((20, 100, 100, 0, 0));
        result.Max.Should().BeGreaterThanOrEqualTo(result.P99).And.BeGreaterThanOrEqualTo(result.P50).And.BePositive();
        result.CpuMicroseconds.Should().BeGreaterThanOrEqualTo(result.UserMicroseconds).And.BePositive();
    }

    [Test]
    public void As_many_as_go_come_to_all()
    {
        var result = Load(copies: null, load => load.AtMost(window: 10, 0.05, CancellationToken.None));
        result.Published.Should().BePositive();
        (result.Published % 10, result.Delivered, result.Lost).Should().Be((0, result.Published * Subscribers, 0));
        result.PerSecond.Should().BeApproximately(result.Delivered / result.Seconds, 1e-3);
    }

    [Test]
    public void A_message_that_one_does_not_get_is_lost()
    {
        var result = Load((member, number) => (member, number) == (3, 7) ? 0 : 1, load => load.AtRate(200, 0.1, CancellationToken.None));
        (result.Delivered, result.Lost, result.Repeated).Should().Be((99, 1, 0));
    }

    [Test]
    public void A_last_message_that_does_not_come_is_lost()
    {
        var result = Load((member, number) => (member, number) == (0, 19) ? 0 : 1, load => load.AtRate(200, 0.1, CancellationToken.None));
        (result.Delivered, result.Lost, result.Repeated).Should().Be((99, 1, 0));
    }

    [Test]
    public void A_message_that_comes_twice_is_repeated_and_makes_up_for_none_that_is_lost()
    {
        var result = Load((member, number) => (member, number) switch { (3, 7) => 2, (4, 7) => 0, _ => 1 }, load => load.AtRate(200, 0.1, CancellationToken.None));
        (result.Delivered, result.Lost, result.Repeated).Should().Be((99, 1, 1));
    }

    [Test]
    public void A_window_of_which_one_is_lost_ends_the_sending()
    {
        var result = Load((member, number) => (member, number) == (3, 7) ? 0 : 1, load => load.AtMost(window: 10, 60, CancellationToken.None));
        (result.Published, result.Lost).Should().Be((10, 1));
    }

    [Test]
    public void A_stretch_is_none_of_the_next_one_s()
    {
        var result = Load((member, number) => (member, number) == (3, 7) ? 0 : 1, load =>
        {
            load.AtRate(200, 0.1, CancellationToken.None);
            return load.AtRate(200, 0.1, CancellationToken.None);
        });
        (result.Published, result.Delivered, result.Lost).Should().Be((20, 100, 0));
    }

    private static LoadResult Load(Func<int, int, int>? copies, Func<LoadRun, LoadResult> measure)
    {
        using var stop = new CancellationTokenSource();
        using var server = new FloorServer(port: 0) { Copies = copies };
        var serving = new Thread(() => server.Run(stop.Token));
        serving.Start();
        try
        {
            using var load = LoadRun.Open(
                server.EndPoint, Environment.ProcessId, new PlainWire(), Subscribers, Subscribers, patience: TimeSpan.FromSeconds(copies is null ? 30 : 1), CancellationToken.None);
            return measure(load);
        }
        finally
        {
            stop.Cancel();
            serving.Join();
        }
    }
}
