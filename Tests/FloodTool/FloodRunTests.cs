using System.Diagnostics;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Meters;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.FloodTool;

/// <summary>The whole flood against a room that misbehaves on command: each fault must be seen, and none where there is none.</summary>
[Parallelizable(ParallelScope.All), FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class FloodRunTests : IDisposable
{
    private readonly StringWriter _report = new();

    public void Dispose() => _report.Dispose();

    [Test]
    public async Task A_room_that_behaves_is_found_fine()
    {
        using var room = new FakeRoom().Start();
        var result = await FloodAsync(room);
        result.ExitCode.Should().Be(0, "the report says {0}", _report);
        result.Deliveries.Should().Be(5 * 20);
        result.Acknowledged.Should().Be(20);
        result.FromDue.Max.Should().BePositive().And.BeGreaterThanOrEqualTo(result.FromSend.Max);
        _report.ToString().Should().Contain("connected     5 in").And.Contain("deliveries    100 in").And.Contain("lost          0")
            .And.EndWith($"fine          everything arrived, once and in order{Environment.NewLine}");
        room.Joined.Should().Be(5);
    }

    [Test]
    public async Task A_message_that_one_subscriber_does_not_get_is_lost()
    {
        using var room = new FakeRoom { Deliver = (member, seq, frame) => (member, seq) == (3, 50) ? [] : [frame] }.Start();
        var result = await FloodAsync(room);
        (result.ExitCode, result.Lost, result.Repeated, result.OutOfOrder).Should().Be((1, 1, 0, 0));
        _report.ToString().Should().Contain("lost          1").And.Contain("FAULTY");
    }

    [Test]
    public async Task A_last_message_that_does_not_come_is_lost()
    {
        using var room = new FakeRoom { Deliver = (member, seq, frame) => (member, seq) == (3, 61) ? [] : [frame] }.Start();
        var result = await FloodAsync(room);
        (result.ExitCode, result.Lost, result.Deliveries).Should().Be((1, 1, 99));
    }

    [Test]
    public async Task A_message_that_comes_twice_is_repeated()
    {
        using var room = new FakeRoom { Deliver = (member, seq, frame) => (member, seq) == (3, 61) ? [frame, frame] : [frame] }.Start();
        var result = await FloodAsync(room);
        (result.ExitCode, result.Lost, result.Repeated, result.OutOfOrder).Should().Be((1, 0, 1, 0));
    }

    [Test]
    public async Task A_message_that_overtakes_another_is_out_of_order()
    {
        byte[] held = [];
        using var room = new FakeRoom
        {
            Deliver = (member, seq, frame) =>
            {
                if (member != 3 || seq is not (50 or 51)) return [frame];
                if (seq == 51) return [frame, held];
                held = frame;
                return [];
            },
        }.Start();
        var result = await FloodAsync(room);
        (result.ExitCode, result.Lost, result.Repeated, result.OutOfOrder).Should().Be((1, 0, 0, 1));
    }

    [Test]
    public async Task A_refused_message_is_told_with_what_helps()
    {
        using var room = new FakeRoom
        {
            Answer = (id, seq) => $$"""{"type":"error","id":"{{id}}","code":"rate-limited","text":"too fast"}""",
        }.Start();
        var result = await FloodAsync(room);
        (result.ExitCode, result.Refused, result.Deliveries).Should().Be((1, 20, 0));
        _report.ToString().Should().Contain("20 × rate-limited: too fast (start the server with --Limits:Enabled=false)");
    }

    [Test]
    public async Task Fields_in_another_order_are_understood()
    {
        using var room = new FakeRoom
        {
            Answer = (id, seq) => $$"""{"seq":{{seq}},"id":"{{id}}","type":"ack"}""",
            Message = (seq, text) => $$"""{ "text" : "{{text}}", "seq" : {{seq}}, "room" : "lobby", "type" : "message" }""",
        }.Start();
        var result = await FloodAsync(room);
        (result.ExitCode, result.Deliveries, result.Acknowledged).Should().Be((0, 100, 20));
    }

    [Test]
    public async Task A_text_that_looks_like_a_message_of_the_run_is_not_taken_for_one()
    {
        using var room = new FakeRoom
        {
            Message = (seq, text) => $$"""{"type":"message","room":"lobby","seq":{{seq}},"text":"a quote: \"text\":\"{{text}}"}""",
        }.Start();
        var result = await FloodAsync(room);
        (result.ExitCode, result.Deliveries, result.Lost).Should().Be((1, 0, 100));
    }

    [Test]
    public async Task A_message_of_another_room_is_none_of_this_one()
    {
        using var room = new FakeRoom
        {
            Deliver = (member, seq, frame) => (member, seq) == (3, 50)
                ? [frame, FakeRoom.Rewritten(frame, json => json.Replace("lobby", "attic", StringComparison.Ordinal))]
                : [frame],
        }.Start();
        var result = await FloodAsync(room);
        (result.ExitCode, result.Lost, result.Repeated, result.Disagreed).Should().Be((1, 0, 0, 1));
        _report.ToString().Should().Contain("note          1 × another room: a message of attic came to somebody who is in lobby");
    }

    [Test]
    public async Task A_server_that_does_not_read_one_publisher_holds_up_no_other()
    {
        // More than the sockets hold, and it reads the first one only when all of the second one's have come.
        var others = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var room = new FakeRoom
        {
            Reading = (member, said) => member == 0 && said > 0 ? others.Task : Task.CompletedTask,
            Said = (member, said) =>
            {
                if ((member, said) == (1, 200)) others.TrySetResult();
            },
        }.Start();
        var result = await FloodRun.RunAsync(Options(room) with { Connections = 2, Rate = 400, Seconds = 1, TextBytes = 60_000, Patience = 30 }, _report, CancellationToken.None);
        (result.ExitCode, result.Deliveries).Should().Be((0, 2 * 400), "the report says {0}", _report);
    }

    [Test]
    public async Task The_cost_of_a_server_that_has_ended_is_that_till_then()
    {
        using var burning = Process.Start("/bin/sh", ["-c", "while :; do :; done"]);
        try
        {
            var meter = ServerMeter.For(burning.Id)!;
            await Patience.UntilAsync(() => meter.TryRead(out var seconds) && seconds > 0.02, "some CPU time");
            using var room = new FakeRoom
            {
                Deliver = (_, seq, frame) =>
                {
                    if (seq == 50) burning.Kill();
                    return [frame];
                },
            }.Start();
            var result = await FloodRun.RunAsync(Options(room) with { ServerPid = burning.Id }, _report, CancellationToken.None);
            result.Server!.CpuSeconds.Should().BeGreaterThanOrEqualTo(0);
            _report.ToString().Should().Contain($"process {burning.Id} has ended");
        }
        finally
        {
            burning.Kill();
        }
    }

    [Test]
    public async Task Where_nobody_is_left_the_sending_ends()
    {
        FakeRoom? room = null;
        room = new FakeRoom
        {
            Deliver = (_, seq, frame) =>
            {
                if (seq == 50) room!.Dispose();
                return [frame];
            },
        }.Start();
        var result = await FloodRun.RunAsync(Options(room) with { Seconds = 20 }, _report, CancellationToken.None);
        (result.ExitCode, result.Closed).Should().Be((1, 5));
        result.Sent.Should().BeLessThan(result.Scheduled);
        _report.ToString().Should().Contain("ended: nobody was left to say the rest");
    }

    [Test]
    public async Task An_interrupted_flood_still_reports_what_it_sent()
    {
        using var stop = new CancellationTokenSource();
        using var room = new FakeRoom
        {
            Deliver = (member, seq, frame) =>
            {
                if (seq == 50) stop.Cancel();
                return [frame];
            },
        }.Start();
        var result = await FloodRun.RunAsync(Options(room) with { Seconds = 60 }, _report, stop.Token);
        (result.ExitCode, result.Lost).Should().Be((130, 0));
        _report.ToString().Should().Contain("INTERRUPTED   everything that was sent till then arrived");
        result.Sent.Should().BeInRange(9, 60);
        result.Deliveries.Should().Be(result.Sent * 5);
    }

    private Task<FloodResult> FloodAsync(FakeRoom room) => FloodRun.RunAsync(Options(room), _report, CancellationToken.None);

    // Enough patience for a busy machine where all is fine; where something is missing, the wait is all of it.
    private static FloodOptions Options(FakeRoom room) =>
        new() { Url = room.Url, Connections = 5, Rate = 100, Seconds = 0.2, Publishers = 2, Patience = 2, MaxLateness = 60_000, MaxLag = 60_000 };
}
