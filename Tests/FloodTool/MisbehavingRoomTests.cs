using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Ways;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.FloodTool;

/// <summary>What a room does wrong is seen by whichever way, and across cuts.</summary>
[Parallelizable(ParallelScope.All), FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class MisbehavingRoomTests : IDisposable
{
    private readonly StringWriter _report = new();

    public void Dispose() => _report.Dispose();

    [TestCase("longpoll")]
    [TestCase("sse")]
    public async Task A_room_that_behaves_is_found_fine(string way)
    {
        await using var room = await FakeHttpRoom.StartAsync();
        var result = await FloodAsync(room.Url, way);
        result.ExitCode.Should().Be(0, "the report says {0}", _report);
        (result.Acknowledged, result.Deliveries).Should().Be((20, 5 * 20));
        result.FromDue.Count.Should().Be(5 * 20);
    }

    [TestCase("longpoll")]
    [TestCase("sse")]
    public async Task A_message_that_does_not_come_is_lost(string way)
    {
        await using var room = await FakeHttpRoom.StartAsync((member, seq, frame) => (member, seq) == (3, 50) ? [] : [frame]);
        Faults(await FloodAsync(room.Url, way)).Should().Be((1, 1, 0, 0));
    }

    [TestCase("longpoll")]
    [TestCase("sse")]
    public async Task A_message_that_comes_twice_is_repeated(string way)
    {
        await using var room = await FakeHttpRoom.StartAsync((member, seq, frame) => (member, seq) == (3, 61) ? [frame, frame] : [frame]);
        Faults(await FloodAsync(room.Url, way)).Should().Be((1, 0, 1, 0));
    }

    [TestCase("longpoll")]
    [TestCase("sse")]
    public async Task A_message_that_overtakes_another_is_out_of_order(string way)
    {
        var held = "";
        await using var room = await FakeHttpRoom.StartAsync((member, seq, frame) =>
        {
            if (member != 3 || seq is not (50 or 51)) return [frame];
            if (seq == 51) return [frame, held];
            held = frame;
            return [];
        });
        Faults(await FloodAsync(room.Url, way)).Should().Be((1, 0, 0, 1));
    }

    [TestCase("longpoll")]
    [TestCase("sse")]
    public async Task A_message_with_another_text_is_altered(string way)
    {
        await using var room = await FakeHttpRoom.StartAsync((member, seq, frame) => (member, seq) == (3, 50) ? [frame.Replace(".\"", "\"", StringComparison.Ordinal)] : [frame]);
        var result = await FloodAsync(room.Url, way);
        Faults(result).Should().Be((1, 0, 0, 0));
        result.Altered.Should().Be(1);
    }

    [TestCase("ws")]
    [TestCase("longpoll")]
    [TestCase("sse")]
    public async Task Who_is_cut_and_comes_back_to_a_room_that_behaves_finds_everything(string way)
    {
        using var socketRoom = new FakeRoom().Start();
        await using var httpRoom = await FakeHttpRoom.StartAsync();
        var result = await ChurnAsync(way == "ws" ? socketRoom.Url : httpRoom.Url, way);
        result.ExitCode.Should().Be(0, "the report says {0}", _report);
        result.Cuts.Should().BePositive();
        result.Deliveries.Should().Be(5L * result.Acknowledged);
        result.Recovery.Count.Should().BePositive("something was said meanwhile");
        if (way == "ws") socketRoom.Joined.Should().Be(5 + result.Cuts);
    }

    [TestCase("ws")]
    [TestCase("longpoll")]
    public async Task A_server_that_ends_while_some_are_away_ends_the_flood(string way)
    {
        FakeRoom? socketRoom = null;
        socketRoom = new FakeRoom { Deliver = (_, seq, frame) => { if (seq == 100) socketRoom!.Dispose(); return [frame]; } }.Start();
        FakeHttpRoom? httpRoom = null;
        httpRoom = await FakeHttpRoom.StartAsync((_, seq, frame) => { if (seq == 100) httpRoom!.Stop(); return [frame]; });
        var flood = FloodRun.RunAsync(
            Options(way == "ws" ? socketRoom.Url : httpRoom.Url, way) with { Seconds = 20, Churn = 100, Patience = 1 }, _report, CancellationToken.None);
        var result = await flood.OrFail("the end of the flood");
        (result.ExitCode, result.Closed).Should().Be((1, 5), "the report says {0}", _report);
        result.Sent.Should().BeLessThan(result.Scheduled);
    }

    [Test]
    public async Task What_a_room_forgets_of_an_absence_is_lost()
    {
        using var room = new FakeRoom { CatchUp = missed => missed.Skip(1) }.Start();
        var result = await ChurnAsync(room.Url, "ws");
        (result.ExitCode, result.Repeated, result.OutOfOrder).Should().Be((1, 0, 0));
        result.Lost.Should().BePositive();
    }

    [Test]
    public async Task What_a_room_tells_again_at_the_seam_is_repeated()
    {
        using var room = new FakeRoom { CatchUp = missed => [.. missed, .. missed.TakeLast(1)] }.Start();
        var result = await ChurnAsync(room.Url, "ws");
        (result.ExitCode, result.Lost, result.OutOfOrder).Should().Be((1, 0, 0));
        result.Repeated.Should().BePositive();
    }

    [Test]
    public async Task What_a_room_tells_of_an_absence_in_another_order_is_out_of_order()
    {
        using var room = new FakeRoom { CatchUp = missed => missed.Reverse() }.Start();
        var result = await ChurnAsync(room.Url, "ws");
        (result.ExitCode, result.Lost, result.Repeated).Should().Be((1, 0, 0));
        result.OutOfOrder.Should().BePositive();
    }

    [Test]
    public async Task What_a_room_shortens_of_an_absence_is_altered()
    {
        using var room = new FakeRoom { CatchUp = missed => missed.Select(one => one.Replace(".\"", "\"", StringComparison.Ordinal)) }.Start();
        var result = await ChurnAsync(room.Url, "ws");
        Faults(result).Should().Be((1, 0, 0, 0));
        result.Altered.Should().BePositive();
    }

    private static (int, long, long, long) Faults(FloodResult result) => (result.ExitCode, result.Lost, result.Repeated, result.OutOfOrder);

    private Task<FloodResult> FloodAsync(Uri url, string way) => FloodRun.RunAsync(Options(url, way), _report, CancellationToken.None);

    private Task<FloodResult> ChurnAsync(Uri url, string way) =>
        FloodRun.RunAsync(Options(url, way) with { Seconds = 1.5, Churn = 100 }, _report, CancellationToken.None);

    private static FloodOptions Options(Uri url, string way) => new()
    {
        Url = url,
        Ways = WayMix.TryParse(way, out var ways, out _) ? ways : throw new ArgumentException(way),
        Connections = 5,
        Rate = 100,
        Seconds = 0.2,
        Publishers = 2,
        Patience = 2,
        MaxLateness = 60_000,
        MaxLag = 60_000,
    };
}
