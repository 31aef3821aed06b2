using System.Diagnostics;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Meters;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>Runs Flood against <see cref="FakeRoom"/>. Flood must detect each fault, and must report no fault of a room without faults.</summary>
[Parallelizable(ParallelScope.All), FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Category(Categories.Slow)] // runs the load test for seconds
public sealed class FloodRunTests : IDisposable
{
    private readonly StringWriter _report = new();

    public void Dispose() => _report.Dispose();

    [Test]
    public async Task Flood_passes_a_room_without_faults()
    {
        using var room = new FakeRoom().Start();
        var result = await FloodAsync(room);
        result.ExitCode.Should().Be(0, "the report says {0}", _report);
        result.Deliveries.Should().Be(5 * 20);
        result.Acknowledged.Should().Be(20);
        result.FromDue.Max.Should().BePositive().And.BeGreaterThanOrEqualTo(result.FromSend.Max);
        _report.ToString().Should().Contain("connected     5 in").And.Contain("deliveries    100 in").And.Contain("lost          0")
            .And.EndWith($"passed        every message arrived once, in order and unaltered{Environment.NewLine}");
        room.Joined.Should().Be(5);
    }

    [Test]
    public async Task Flood_counts_a_message_as_lost_if_one_subscriber_does_not_receive_it()
    {
        using var room = new FakeRoom { Deliver = (member, seq, frame) => (member, seq) == (3, 50) ? [] : [frame] }.Start();
        var result = await FloodAsync(room);
        (result.ExitCode, result.Lost, result.Repeated, result.OutOfOrder).Should().Be((1, 1, 0, 0));
        _report.ToString().Should().Contain("lost          1").And.Contain("FAULTY");
    }

    [Test]
    public async Task Flood_counts_a_missing_last_message_as_lost()
    {
        using var room = new FakeRoom { Deliver = (member, seq, frame) => (member, seq) == (3, 61) ? [] : [frame] }.Start();
        var result = await FloodAsync(room);
        (result.ExitCode, result.Lost, result.Deliveries).Should().Be((1, 1, 99));
    }

    [Test]
    public async Task Flood_counts_a_message_that_arrives_twice_as_repeated()
    {
        using var room = new FakeRoom { Deliver = (member, seq, frame) => (member, seq) == (3, 61) ? [frame, frame] : [frame] }.Start();
        var result = await FloodAsync(room);
        (result.ExitCode, result.Lost, result.Repeated, result.OutOfOrder).Should().Be((1, 0, 1, 0));
    }

    [Test]
    public async Task Flood_counts_a_late_message_as_out_of_order()
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
    public async Task Report_shows_the_error_of_a_rejected_message_with_a_hint()
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
    public async Task Flood_accepts_fields_in_any_order()
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
    public async Task Flood_ignores_a_text_that_contains_the_prefix_of_a_run()
    {
        using var room = new FakeRoom
        {
            Message = (seq, text) => $$"""{"type":"message","room":"lobby","seq":{{seq}},"text":"a quote: \"text\":\"{{text}}"}""",
        }.Start();
        var result = await FloodAsync(room);
        (result.ExitCode, result.Deliveries, result.Lost).Should().Be((1, 0, 100));
    }

    [Test]
    public async Task Flood_reports_a_message_of_another_room()
    {
        using var room = new FakeRoom
        {
            Deliver = (member, seq, frame) => (member, seq) == (3, 50)
                ? [frame, FakeRoom.Rewrite(frame, json => json.Replace("lobby", "attic", StringComparison.Ordinal))]
                : [frame],
        }.Start();
        var result = await FloodAsync(room);
        (result.ExitCode, result.Lost, result.Repeated, result.SeqConflicts).Should().Be((1, 0, 0, 1));
        _report.ToString().Should().Contain("note          1 × another room: a message of attic arrived at a member of lobby");
    }

    [Test]
    public async Task Publisher_whose_messages_the_server_does_not_read_delays_no_other_publisher()
    {
        // The messages do not fit into the socket buffers. The server reads the messages of the first publisher only after it has read all
        // messages of the second publisher.
        var secondIsComplete = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var room = new FakeRoom
        {
            BeforeRead = (member, count) => member == 0 && count > 0 ? secondIsComplete.Task : Task.CompletedTask,
            OnSay = (member, count) =>
            {
                if ((member, count) == (1, 200)) secondIsComplete.TrySetResult();
            },
        }.Start();
        var result = await FloodRun.RunAsync(Options(room) with { Connections = 2, Rate = 400, Seconds = 1, TextBytes = 60_000, Patience = 30 }, _report, CancellationToken.None);
        (result.ExitCode, result.Deliveries).Should().Be((0, 2 * 400), "the report says {0}", _report);
    }

    [Test]
    public async Task Flood_reports_the_last_known_CPU_time_of_a_server_process_that_has_ended()
    {
        using var process = Process.Start("/bin/sh", ["-c", "while :; do :; done"]);
        try
        {
            var meter = ServerMeter.For(process.Id)!;
            await TestWait.UntilAsync(() => meter.TryRead(out var seconds) && seconds > 0.02, "some CPU time");
            using var room = new FakeRoom
            {
                Deliver = (_, seq, frame) =>
                {
                    if (seq == 50) process.Kill();
                    return [frame];
                },
            }.Start();
            var result = await FloodRun.RunAsync(Options(room) with { ServerPid = process.Id }, _report, CancellationToken.None);
            result.Server!.CpuSeconds.Should().BeGreaterThanOrEqualTo(0);
            _report.ToString().Should().Contain($"process {process.Id} has ended");
        }
        finally
        {
            process.Kill();
        }
    }

    [Test]
    public async Task Flood_stops_publishing_when_the_server_has_closed_all_connections()
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
        _report.ToString().Should().Contain("ended: all publishers were disconnected before the last message");
    }

    [Test]
    public async Task Interrupted_run_reports_the_messages_that_it_sent()
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
        _report.ToString().Should().Contain("INTERRUPTED   every message that was sent arrived");
        result.Sent.Should().BeInRange(9, 60);
        result.Deliveries.Should().Be(result.Sent * 5);
    }

    private Task<FloodResult> FloodAsync(FakeRoom room) => FloodRun.RunAsync(Options(room), _report, CancellationToken.None);

    // The patience is enough for a busy machine. A test with a missing message waits for this whole time.
    private static FloodOptions Options(FakeRoom room) =>
        new() { Url = room.Url, Connections = 5, Rate = 100, Seconds = 0.2, Publishers = 2, Patience = 2, MaxLateness = 60_000, MaxLag = 60_000 };
}
