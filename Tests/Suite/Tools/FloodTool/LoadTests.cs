using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Load;
using RawSocketChat.Tests.Flood.Transports;
using RawSocketChat.Tests.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>Tests of the load: schedules, replay, transport mixes, source addresses, slow readers.</summary>
public class LoadTests
{
    [Test]
    public void Sizes_are_in_their_range_and_equal_for_equal_seeds()
    {
        var sizes = Sizes(seed: 1);
        sizes.Should().OnlyContain(size => size >= 64 && size <= 96);
        sizes.Distinct().Count().Should().BeGreaterThan(20);
        Sizes(seed: 1).Should().Equal(sizes);
        Sizes(seed: 2).Should().NotEqual(sizes);

        static List<int> Sizes(int seed)
        {
            var schedule = new SteadySchedule(new FloodOptions { TextBytes = 64, MaxTextBytes = 96, Rate = 100, Seconds = 2, Seed = seed });
            return [.. Enumerable.Range(0, schedule.Count).Select(number => Encoding.UTF8.GetByteCount(schedule.GetText(number, "flood 12345678 1 1 ")))];
        }
    }

    [Test]
    public void Steady_schedule_starts_with_the_warm_up()
    {
        var schedule = new SteadySchedule(new FloodOptions { Rate = 10, Seconds = 3, WarmUp = 2 });
        (schedule.Count, schedule.WarmUpCount).Should().Be((50, 20));
        schedule.GetDueTicks(20).Should().Be(2 * Stopwatch.Frequency);
    }

    [Test]
    public async Task Replay_publishes_the_messages_of_an_export_at_their_original_intervals()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 10, 2, 31, TimeSpan.Zero));
        using var storage = new TestStorage(time);
        await storage.Catalog.CreateRoomAsync(new StoredRoom("lobby", "Say hello", null, false), int.MaxValue, default);
        await storage.Log.OpenAsync("lobby", default);
        await SayAsync("first", 0);
        await SayAsync("a \"quoted\" \U0001F600 line", 3);
        await storage.Log.AppendAsync("lobby", [new NewEvent(RoomEventKind.Topic, "u1", "ann", "no message")], default);
        await SayAsync("last", 10);
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "lobby.ndjson");
        (await RunAsync(storage.Folder, "export", "lobby", "--output", file)).ExitCode.Should().Be(0);

        var schedule = MessageSchedule.Create(new FloodOptions { Replay = file, Speed = 2, WarmUp = 1 });
        Enumerable.Range(0, schedule.Count).Select(number => schedule.GetText(number, "tag ")).Should().Equal("tag first", "tag a \"quoted\" \U0001F600 line", "tag last");
        Enumerable.Range(0, schedule.Count).Select(number => schedule.GetDueTicks(number) / (double)Stopwatch.Frequency).Should().Equal(0, 1.5, 6.5);
        schedule.WarmUpCount.Should().Be(1);
        MessageSchedule.Create(new FloodOptions { Replay = file, Speed = 2, ReplaySeconds = 5 }).Count.Should().Be(2);
        FluentActions.Invoking(() => MessageSchedule.Create(new FloodOptions { Replay = file, Speed = 2, WarmUp = 7 })).Should().Throw<FloodException>()
            .Where(fault => fault.ExitCode == 2 && fault.Message.StartsWith("--warm-up 7 leaves nothing"));

        async Task SayAsync(string text, double after)
        {
            time.Advance(TimeSpan.FromSeconds(after));
            await storage.Log.AppendAsync("lobby", [new NewEvent(RoomEventKind.Message, "u1", "ann", text)], default);
        }
    }

    [TestCase("", "the file has no message")]
    [TestCase("{\"type\":\"export\",\"version\":1}", "the file has no message")]
    [TestCase("{\"type\":\"export\",\"version\":2}", "line 1 is not a line of a room export (version 1)")]
    [TestCase("[]", "line 1 is not a line")]
    [TestCase("{\"type\":\"export\",\"version\":1}\n{\"type\":\"message\",\"text\":\"hi\"}", "line 2 is not a line")]
    [TestCase("{\"type\":\"export\",\"version\":1}\n{\"type\":\"message\",\"at\":\"noon\",\"text\":\"hi\"}", "line 2 is not a line")]
    [TestCase("{\"type\":\"export\",\"version\":1}\nhello", "line 2 is not a line")]
    [TestCase("{\"type\":\"export\",\"version\":1}\n{\"type\":\"message\",\"at\":\"2026-11-23T10:00:00.000Z\",\"text\":null}", "line 2 is not a line")]
    public void Replay_reports_the_line_of_an_invalid_export(string text, string part)
    {
        var reading = () => RoomExport.Read(text.Split('\n', StringSplitOptions.RemoveEmptyEntries), "room.ndjson");
        reading.Should().Throw<FloodException>().Where(fault => fault.ExitCode == 2 && fault.Message.StartsWith("--replay room.ndjson: ") && fault.Message.Contains(part));
    }

    [Test]
    public void Replay_keeps_the_order_of_messages_when_the_clock_was_set_back()
    {
        string[] lines =
        [
            """{"type":"export","version":1}""",
            """{"type":"message","at":"2026-11-23T10:00:00.000Z","text":"first"}""",
            """{"type":"message","at":"2026-11-23T09:00:00.000Z","text":"an hour before"}""",
            """{"type":"message","at":"2026-11-23T10:00:02.000Z","text":"last"}""",
        ];
        var schedule = new ReplaySchedule(RoomExport.Read(lines, "room.ndjson"), new FloodOptions());
        Enumerable.Range(0, schedule.Count).Select(number => schedule.GetDueTicks(number) / (double)Stopwatch.Frequency).Should().Equal(0, 0, 2);
    }

    [Test]
    public void Replay_cuts_a_text_to_the_limit_of_the_server_but_not_inside_a_character()
    {
        var line = new RoomExport.ExportedMessage(DateTimeOffset.UnixEpoch, string.Concat(Enumerable.Repeat("\U0001F600", 4000)));
        var schedule = new ReplaySchedule([line], new FloodOptions());
        schedule.GetText(0, "x").Should().HaveLength(7999).And.EndWith("\U0001F600");
        schedule.GetText(0, "xx").Should().HaveLength(8000).And.EndWith("\U0001F600");
    }

    [Test]
    public void Messages_are_assigned_to_the_rooms_round_robin()
    {
        var publications = new Publications(new SteadySchedule(new FloodOptions { Rate = 10, Seconds = 1 }), ["a", "b", "c"]);
        Enumerable.Range(0, 3).Select(publications.GetMessageCount).Should().Equal(4, 3, 3);
        Encoding.UTF8.GetString(publications.EncodeSay(1, 4)).Should().Contain("\"room\":\"b\"");
        publications.MarkSent(4);
        publications.TryMarkAnswered(4, accepted: true).Should().BeTrue();
        publications.TryMarkAnswered(4, accepted: true).Should().BeFalse("the message was answered before");
        Enumerable.Range(0, 3).Select(publications.GetAcknowledgedCount).Should().Equal(0, 1, 0);
        publications.GetAcknowledgedBits(1).Should().Equal([0b10]);
        publications.GetAcknowledgedBits(0).Should().Equal([0]);
    }

    [Test]
    public void Latency_of_resent_and_warm_up_messages_is_not_measured()
    {
        var publications = new Publications(new SteadySchedule(new FloodOptions { Rate = 10, Seconds = 1, WarmUp = 0.2 }), ["a"]);
        publications.MarkResent(5);
        Enumerable.Range(0, publications.Count).Where(number => !publications.IsMeasured(number)).Should().Equal(0, 1, 5);
    }

    [TestCase("ws", "ws")]
    [TestCase("ws:80,sse:20", "ws:80,sse:20")]
    [TestCase("ws, tcp", "ws:50,tcp:50")]
    [TestCase("WS-H2", "ws-h2")]
    public void Transport_mix_is_parsed(string text, string expected)
    {
        TransportMix.TryParse(text, out var mix, out var problem).Should().BeTrue(problem);
        mix.ToString().Should().Be(expected);
    }

    [TestCase("pigeon", "there is no transport \"pigeon\"; the transports are ws, ws-deflate, ws-h2, tcp, poll, longpoll, sse, stream, iframe")]
    [TestCase("", "there is no transport \"\"")]
    [TestCase("ws:80,sse:30", "the sum of the percentages is 110, not 100")]
    [TestCase("ws:80,sse", "\"sse\" needs its percentage")]
    [TestCase("ws:80,sse:x", "\"sse:x\" needs its percentage")]
    [TestCase("ws:110,sse:-10", "\"sse:-10\" needs its percentage")]
    [TestCase("ws:50,ws:50", "ws is given twice")]
    public void Invalid_transport_mix_gives_an_error(string text, string part)
    {
        TransportMix.TryParse(text, out _, out var problem).Should().BeFalse();
        problem.Should().StartWith("--transport: ").And.Contain(part);
    }

    [Test]
    public void Transports_are_assigned_by_their_share()
    {
        TransportMix.TryParse("ws:70,sse:20,tcp:10", out var mix, out _).Should().BeTrue();
        var assigned = mix.Assign(20);
        assigned.Count(transport => transport == Transport.WebSocket).Should().Be(14);
        assigned.Count(transport => transport == Transport.Sse).Should().Be(4);
        assigned.Count(transport => transport == Transport.RawTcp).Should().Be(2);
        assigned.Take(10).Count(transport => transport == Transport.WebSocket).Should().Be(7, "any range of connections has the same shares");
    }

    [TestCase("127.0.0.2-127.0.0.4", "127.0.0.2 127.0.0.3 127.0.0.4 127.0.0.2")]
    [TestCase("127.0.0.9", "127.0.0.9 127.0.0.9")]
    [TestCase("127.0.0.255-127.0.1.0,::1", "127.0.0.255 127.0.1.0 ::1 127.0.0.255")]
    public void Source_addresses_are_used_round_robin(string text, string turns)
    {
        SourceAddresses.TryParse(text, out var addresses, out var problem).Should().BeTrue(problem);
        turns.Split(' ').Should().AllSatisfy(turn => addresses.Next()!.ToString().Should().Be(turn));
    }

    [TestCase("here")]
    [TestCase("127.0.0.4-127.0.0.2")]
    [TestCase("::1-::5")]
    [TestCase("127.0.0.1-127.0.0.2-127.0.0.3")]
    [TestCase("10.0.0.0-11.0.0.0")]
    public void Invalid_source_addresses_give_an_error(string text)
    {
        SourceAddresses.TryParse(text, out _, out var problem).Should().BeFalse();
        problem.Should().StartWith("--source-addresses");
    }

    [Test]
    public void Slow_reader_pauses_only_while_its_pace_is_active()
    {
        var isActive = true;
        var pace = new ReadingPace(1, () => isActive, TimeProvider.System);
        var pauses = Enumerable.Range(0, 1000).Count(_ => pace.ShouldPause());
        pauses.Should().BeInRange(500, 990);
        isActive = false;
        pace.ShouldPause().Should().BeFalse();
    }
}
