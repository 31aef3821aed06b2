using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Load;
using RawSocketChat.Tests.Flood.Ways;
using RawSocketChat.Tests.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.FloodTool;

/// <summary>What is said when, and by whom.</summary>
public class LoadTests
{
    [Test]
    public void Sizes_lie_in_their_range_and_are_the_same_for_the_same_seed()
    {
        var sizes = Sizes(seed: 1);
        sizes.Should().OnlyContain(size => size >= 64 && size <= 96);
        sizes.Distinct().Count().Should().BeGreaterThan(20);
        Sizes(seed: 1).Should().Equal(sizes);
        Sizes(seed: 2).Should().NotEqual(sizes);

        static List<int> Sizes(int seed)
        {
            var script = new SteadyScript(new FloodOptions { TextBytes = 64, MostTextBytes = 96, Rate = 100, Seconds = 2, Seed = seed });
            return [.. Enumerable.Range(0, script.Count).Select(number => Encoding.UTF8.GetByteCount(script.Text(number, "flood 12345678 1 1 ")))];
        }
    }

    [Test]
    public void A_steady_script_warms_up_first()
    {
        var script = new SteadyScript(new FloodOptions { Rate = 10, Seconds = 3, WarmUp = 2 });
        (script.Count, script.WarmUp).Should().Be((50, 20));
        script.DueAfter(20).Should().Be(2 * Stopwatch.Frequency);
    }

    [Test]
    public async Task An_export_is_said_again_with_its_gaps()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 10, 2, 31, TimeSpan.Zero));
        using var storage = new OpenStorage(time);
        await storage.Catalog.TryCreateRoomAsync(new StoredRoom("lobby", "Say hello", null, false), default);
        await storage.Log.OpenAsync("lobby", default);
        await SayAsync("first", 0);
        await SayAsync("a \"quoted\" \U0001F600 line", 3);
        await storage.Log.AppendAsync("lobby", [new NewEvent(RoomEventKind.Topic, "u1", "ann", "no message")], default);
        await SayAsync("last", 10);
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "lobby.ndjson");
        (await RunAsync(storage.Folder, "export", "lobby", "--output", file)).ExitCode.Should().Be(0);

        var script = Script.Of(new FloodOptions { Replay = file, Speed = 2, WarmUp = 1 });
        Enumerable.Range(0, script.Count).Select(number => script.Text(number, "mark ")).Should().Equal("mark first", "mark a \"quoted\" \U0001F600 line", "mark last");
        Enumerable.Range(0, script.Count).Select(number => script.DueAfter(number) / (double)Stopwatch.Frequency).Should().Equal(0, 1.5, 6.5);
        script.WarmUp.Should().Be(1);
        Script.Of(new FloodOptions { Replay = file, Speed = 2, ReplaySeconds = 5 }).Count.Should().Be(2);
        FluentActions.Invoking(() => Script.Of(new FloodOptions { Replay = file, Speed = 2, WarmUp = 7 })).Should().Throw<FloodException>()
            .Where(fault => fault.ExitCode == 2 && fault.Message.StartsWith("--warm-up 7 leaves nothing"));

        async Task SayAsync(string text, double after)
        {
            time.Advance(TimeSpan.FromSeconds(after));
            await storage.Log.AppendAsync("lobby", [new NewEvent(RoomEventKind.Message, "u1", "ann", text)], default);
        }
    }

    [TestCase("", "there is no message in it")]
    [TestCase("{\"type\":\"export\",\"version\":1}", "there is no message in it")]
    [TestCase("{\"type\":\"export\",\"version\":2}", "line 1 is none of a room's export (version 1)")]
    [TestCase("[]", "line 1 is none")]
    [TestCase("{\"type\":\"export\",\"version\":1}\n{\"type\":\"message\",\"text\":\"hi\"}", "line 2 is none")]
    [TestCase("{\"type\":\"export\",\"version\":1}\n{\"type\":\"message\",\"at\":\"noon\",\"text\":\"hi\"}", "line 2 is none")]
    [TestCase("{\"type\":\"export\",\"version\":1}\nhello", "line 2 is none")]
    [TestCase("{\"type\":\"export\",\"version\":1}\n{\"type\":\"message\",\"at\":\"2026-11-23T10:00:00.000Z\",\"text\":null}", "line 2 is none")]
    public void A_file_that_is_no_export_is_told_with_its_line(string text, string part)
    {
        var reading = () => RoomFile.Read(text.Split('\n', StringSplitOptions.RemoveEmptyEntries), "room.ndjson");
        reading.Should().Throw<FloodException>().Where(fault => fault.ExitCode == 2 && fault.Message.StartsWith("--replay room.ndjson: ") && fault.Message.Contains(part));
    }

    [Test]
    public void A_clock_that_was_put_back_makes_nothing_due_before_what_stands_above_it()
    {
        string[] lines =
        [
            """{"type":"export","version":1}""",
            """{"type":"message","at":"2026-11-23T10:00:00.000Z","text":"first"}""",
            """{"type":"message","at":"2026-11-23T09:00:00.000Z","text":"an hour before"}""",
            """{"type":"message","at":"2026-11-23T10:00:02.000Z","text":"last"}""",
        ];
        var script = new ReplayScript(RoomFile.Read(lines, "room.ndjson"), new FloodOptions());
        Enumerable.Range(0, script.Count).Select(number => script.DueAfter(number) / (double)Stopwatch.Frequency).Should().Equal(0, 0, 2);
    }

    [Test]
    public void A_text_is_cut_to_what_a_server_takes_and_never_within_a_character()
    {
        var line = new RoomFile.Line(DateTimeOffset.UnixEpoch, string.Concat(Enumerable.Repeat("\U0001F600", 4000)));
        var script = new ReplayScript([line], new FloodOptions());
        script.Text(0, "x").Should().HaveLength(7999).And.EndWith("\U0001F600");
        script.Text(0, "xx").Should().HaveLength(8000).And.EndWith("\U0001F600");
    }

    [Test]
    public void Messages_are_dealt_to_rooms_in_turn()
    {
        var publications = new Publications(new SteadyScript(new FloodOptions { Rate = 10, Seconds = 1 }), ["a", "b", "c"]);
        Enumerable.Range(0, 3).Select(publications.CountIn).Should().Equal(4, 3, 3);
        Encoding.UTF8.GetString(publications.Say(1, 4)).Should().Contain("\"room\":\"b\"");
        publications.Leaving(4);
        publications.Answer(4, accepted: true).Should().BeTrue();
        publications.Answer(4, accepted: true).Should().BeFalse("it was answered before");
        Enumerable.Range(0, 3).Select(publications.AcknowledgedIn).Should().Equal(0, 1, 0);
        publications.AcknowledgedBits(1).Should().Equal([0b10]);
        publications.AcknowledgedBits(0).Should().Equal([0]);
    }

    [Test]
    public void What_is_sent_again_or_warms_up_is_not_timed()
    {
        var publications = new Publications(new SteadyScript(new FloodOptions { Rate = 10, Seconds = 1, WarmUp = 0.2 }), ["a"]);
        publications.Again(5);
        Enumerable.Range(0, publications.Count).Where(number => !publications.IsTimed(number)).Should().Equal(0, 1, 5);
    }

    [TestCase("ws", "ws")]
    [TestCase("ws:80,sse:20", "ws:80,sse:20")]
    [TestCase("ws, tcp", "ws:50,tcp:50")]
    [TestCase("WS-H2", "ws-h2")]
    public void A_mix_of_ways_is_understood(string text, string means)
    {
        WayMix.TryParse(text, out var mix, out var problem).Should().BeTrue(problem);
        mix.ToString().Should().Be(means);
    }

    [TestCase("pigeon", "there is no way \"pigeon\"; there are ws, ws-deflate, ws-h2, tcp, poll, longpoll, sse, stream, iframe")]
    [TestCase("", "there is no way \"\"")]
    [TestCase("ws:80,sse:30", "the percentages are 110 in all, not 100")]
    [TestCase("ws:80,sse", "\"sse\" needs its percentage")]
    [TestCase("ws:80,sse:x", "\"sse:x\" needs its percentage")]
    [TestCase("ws:110,sse:-10", "\"sse:-10\" needs its percentage")]
    [TestCase("ws:50,ws:50", "ws is named twice")]
    public void A_mix_that_means_nothing_is_told(string text, string part)
    {
        WayMix.TryParse(text, out _, out var problem).Should().BeFalse();
        problem.Should().StartWith("--way: ").And.Contain(part);
    }

    [Test]
    public void Ways_are_dealt_by_their_share()
    {
        WayMix.TryParse("ws:70,sse:20,tcp:10", out var mix, out _).Should().BeTrue();
        var dealt = mix.Deal(20);
        dealt.Count(way => way == WayIn.WebSocket).Should().Be(14);
        dealt.Count(way => way == WayIn.Sse).Should().Be(4);
        dealt.Count(way => way == WayIn.RawTcp).Should().Be(2);
        dealt.Take(10).Count(way => way == WayIn.WebSocket).Should().Be(7, "any part of them has the same shares");
    }

    [TestCase("127.0.0.2-127.0.0.4", "127.0.0.2 127.0.0.3 127.0.0.4 127.0.0.2")]
    [TestCase("127.0.0.9", "127.0.0.9 127.0.0.9")]
    [TestCase("127.0.0.255-127.0.1.0,::1", "127.0.0.255 127.0.1.0 ::1 127.0.0.255")]
    public void Source_addresses_take_turns(string text, string turns)
    {
        SourceAddresses.TryParse(text, out var addresses, out var problem).Should().BeTrue(problem);
        turns.Split(' ').Should().AllSatisfy(turn => addresses.Next()!.ToString().Should().Be(turn));
    }

    [TestCase("here")]
    [TestCase("127.0.0.4-127.0.0.2")]
    [TestCase("::1-::5")]
    [TestCase("127.0.0.1-127.0.0.2-127.0.0.3")]
    [TestCase("10.0.0.0-11.0.0.0")]
    public void Source_addresses_that_mean_nothing_are_told(string text)
    {
        SourceAddresses.TryParse(text, out _, out var problem).Should().BeFalse();
        problem.Should().StartWith("--source-addresses");
    }

    [Test]
    public void A_slow_reader_stands_still_and_sips_until_it_is_released()
    {
        var isBinding = true;
        var pace = new ReadingPace(1, () => isBinding, TimeProvider.System);
        var still = Enumerable.Range(0, 1000).Count(_ => pace.StandsStill());
        still.Should().BeInRange(500, 990);
        isBinding = false;
        pace.StandsStill().Should().BeFalse();
    }
}
