using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Transports;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>Flood must detect the faults of a room on HTTP transports, and during the catch-up after a reconnect.</summary>
[Parallelizable(ParallelScope.All), FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Category(Categories.Slow)] // runs the load test for seconds
public sealed class MisbehavingRoomTests : IDisposable
{
    private readonly StringWriter _report = new();

    public void Dispose() => _report.Dispose();

    [TestCase("longpoll")]
    [TestCase("sse")]
    public async Task Flood_passes_a_room_without_faults(string transport)
    {
        await using var room = await FakeHttpRoom.StartAsync();
        var result = await FloodAsync(room.Url, transport);
        result.ExitCode.Should().Be(0, "the report says {0}", _report);
        (result.Acknowledged, result.Deliveries).Should().Be((20, 5 * 20));
        result.FromDue.Count.Should().Be(5 * 20);
    }

    [TestCase("longpoll")]
    [TestCase("sse")]
    public async Task Flood_counts_a_missing_message_as_lost(string transport)
    {
        await using var room = await FakeHttpRoom.StartAsync((member, seq, frame) => (member, seq) == (3, 50) ? [] : [frame]);
        Faults(await FloodAsync(room.Url, transport)).Should().Be((1, 1, 0, 0));
    }

    [TestCase("longpoll")]
    [TestCase("sse")]
    public async Task Flood_counts_a_message_that_arrives_twice_as_repeated(string transport)
    {
        await using var room = await FakeHttpRoom.StartAsync((member, seq, frame) => (member, seq) == (3, 61) ? [frame, frame] : [frame]);
        Faults(await FloodAsync(room.Url, transport)).Should().Be((1, 0, 1, 0));
    }

    [TestCase("longpoll")]
    [TestCase("sse")]
    public async Task Flood_counts_a_late_message_as_out_of_order(string transport)
    {
        var held = "";
        await using var room = await FakeHttpRoom.StartAsync((member, seq, frame) =>
        {
            if (member != 3 || seq is not (50 or 51)) return [frame];
            if (seq == 51) return [frame, held];
            held = frame;
            return [];
        });
        Faults(await FloodAsync(room.Url, transport)).Should().Be((1, 0, 0, 1));
    }

    [TestCase("longpoll")]
    [TestCase("sse")]
    public async Task Flood_counts_a_changed_text_as_altered(string transport)
    {
        await using var room = await FakeHttpRoom.StartAsync((member, seq, frame) => (member, seq) == (3, 50) ? [frame.Replace(".\"", "\"", StringComparison.Ordinal)] : [frame]);
        var result = await FloodAsync(room.Url, transport);
        Faults(result).Should().Be((1, 0, 0, 0));
        result.Altered.Should().Be(1);
    }

    [TestCase("ws")]
    [TestCase("longpoll")]
    [TestCase("sse")]
    public async Task Members_whose_connections_are_cut_receive_everything_from_a_room_without_faults(string transport)
    {
        using var socketRoom = new FakeRoom().Start();
        await using var httpRoom = await FakeHttpRoom.StartAsync();
        var result = await ChurnAsync(transport == "ws" ? socketRoom.Url : httpRoom.Url, transport);
        result.ExitCode.Should().Be(0, "the report says {0}", _report);
        result.Cuts.Should().BePositive();
        result.Deliveries.Should().Be(5L * result.Acknowledged);
        result.Recovery.Count.Should().BePositive("messages were published while members were disconnected");
        if (transport == "ws") socketRoom.Joined.Should().Be(5 + result.Cuts);
    }

    [TestCase("ws")]
    [TestCase("longpoll")]
    public async Task Flood_ends_if_the_server_stops_while_members_reconnect(string transport)
    {
        FakeRoom? socketRoom = null;
        socketRoom = new FakeRoom { Deliver = (_, seq, frame) => { if (seq == 100) socketRoom!.Dispose(); return [frame]; } }.Start();
        FakeHttpRoom? httpRoom = null;
        httpRoom = await FakeHttpRoom.StartAsync((_, seq, frame) => { if (seq == 100) httpRoom!.Stop(); return [frame]; });
        var flood = FloodRun.RunAsync(
            Options(transport == "ws" ? socketRoom.Url : httpRoom.Url, transport) with { Seconds = 20, Churn = 100, Patience = 1 }, _report, CancellationToken.None);
        var result = await flood.OrFail("the end of the flood");
        (result.ExitCode, result.Closed).Should().Be((1, 5), "the report says {0}", _report);
        result.Sent.Should().BeLessThan(result.Scheduled);
    }

    [Test]
    public async Task Flood_counts_a_message_as_lost_if_the_catch_up_lacks_it()
    {
        using var room = new FakeRoom { CatchUp = missed => missed.Skip(1) }.Start();
        var result = await ChurnAsync(room.Url, "ws");
        (result.ExitCode, result.Repeated, result.OutOfOrder).Should().Be((1, 0, 0));
        result.Lost.Should().BePositive();
    }

    [Test]
    public async Task Flood_counts_a_message_as_repeated_if_it_arrives_again_after_the_catch_up()
    {
        using var room = new FakeRoom { CatchUp = missed => [.. missed, .. missed.TakeLast(1)] }.Start();
        var result = await ChurnAsync(room.Url, "ws");
        (result.ExitCode, result.Lost, result.OutOfOrder).Should().Be((1, 0, 0));
        result.Repeated.Should().BePositive();
    }

    [Test]
    public async Task Flood_counts_a_reversed_catch_up_as_out_of_order()
    {
        using var room = new FakeRoom { CatchUp = missed => missed.Reverse() }.Start();
        var result = await ChurnAsync(room.Url, "ws");
        (result.ExitCode, result.Lost, result.Repeated).Should().Be((1, 0, 0));
        result.OutOfOrder.Should().BePositive();
    }

    [Test]
    public async Task Flood_counts_a_shortened_text_in_the_catch_up_as_altered()
    {
        using var room = new FakeRoom { CatchUp = missed => missed.Select(one => one.Replace(".\"", "\"", StringComparison.Ordinal)) }.Start();
        var result = await ChurnAsync(room.Url, "ws");
        Faults(result).Should().Be((1, 0, 0, 0));
        result.Altered.Should().BePositive();
    }

    private static (int, long, long, long) Faults(FloodResult result) => (result.ExitCode, result.Lost, result.Repeated, result.OutOfOrder);

    private Task<FloodResult> FloodAsync(Uri url, string transport) => FloodRun.RunAsync(Options(url, transport), _report, CancellationToken.None);

    private Task<FloodResult> ChurnAsync(Uri url, string transport) =>
        FloodRun.RunAsync(Options(url, transport) with { Seconds = 1.5, Churn = 100 }, _report, CancellationToken.None);

    private static FloodOptions Options(Uri url, string transport) => new()
    {
        Url = url,
        Transports = TransportMix.TryParse(transport, out var transports, out _) ? transports : throw new ArgumentException(transport),
        Connections = 5,
        Rate = 100,
        Seconds = 0.2,
        Publishers = 2,
        Patience = 2,
        MaxLateness = 60_000,
        MaxLag = 60_000,
    };
}
