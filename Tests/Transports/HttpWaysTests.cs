using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>What the ways over plain requests share: one outbox a session, one reader at a time, an end when nobody asks.</summary>
public sealed class HttpWaysTests
{
    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Limits:Rooms", "1000000");

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task A_poll_answers_at_once_and_confirms_by_its_cursor()
    {
        using var ann = await HttpAsker.BeginAsync(_server.HttpPort);
        var first = await ann.GetAsync("/poll");
        first.Headers["Content-Type"].Should().Equal("application/json");
        first.Headers["Cache-Control"].Should().Equal("no-store");
        first.Frames.Should().ContainSingle().Which.Should().BeOfType<WelcomeFrame>();
        (await ann.GetAsync("/poll?after=0")).Frames.Should().ContainSingle("nothing was confirmed");
        (await ann.GetAsync($"/poll?after={first.Next}")).Frames.Should().BeEmpty();
    }

    [Test]
    public async Task A_long_poll_is_held_until_something_comes()
    {
        using var ann = await HttpAsker.BeginAsync(_server.HttpPort);
        var room = await ann.MakeRoomAsync();
        var next = (await ann.GetAsync("/poll")).Next;
        var held = ann.GetAsync($"/longpoll?after={next}");
        await _server.AttendedAsync(1);
        held.IsCompleted.Should().BeFalse();
        (await ann.SendAsync($$"""{"type":"say","room":"{{room}}","text":"hi"}""")).Answers.Should().ContainSingle().Which.Should().BeOfType<AckFrame>();
        (await held).Frames.OfType<MessageFrame>().Should().ContainSingle().Which.Text.Should().Be("hi");
    }

    [TestCase("0")]
    [TestCase("0.05")]
    public async Task A_long_poll_ends_empty_when_its_time_is_up(string wait)
    {
        using var ann = await HttpAsker.BeginAsync(_server.HttpPort);
        var next = (await ann.GetAsync("/poll")).Next;
        var empty = await ann.GetAsync($"/longpoll?after={next}&wait={wait}");
        (empty.Next, empty.Frames.Count).Should().Be((next, 0));
    }

    [TestCase("/poll?after=x")]
    [TestCase("/poll?after=-1")]
    [TestCase("/poll?after=1.5")]
    [TestCase("/longpoll?after=99999999999999999999")]
    [TestCase("/longpoll?wait=soon")]
    [TestCase("/longpoll?wait=-1")]
    [TestCase("/longpoll?wait=NaN")]
    [TestCase("/stream?after=x")]
    [TestCase("/events?after=x")]
    public async Task A_cursor_or_a_time_that_is_none_is_refused_with_what_would_have_worked(string path)
    {
        using var ann = await HttpAsker.BeginAsync(_server.HttpPort);
        (await ann.GetAsync(path)).ShouldBe(400, ErrorCode.BadField).Hint.Should().NotBeNull();
    }

    [Test]
    public async Task A_second_long_poll_ends_the_first_cleanly_and_gets_what_comes()
    {
        using var ann = await HttpAsker.BeginAsync(_server.HttpPort);
        var room = await ann.MakeRoomAsync();
        var next = (await ann.GetAsync("/poll")).Next;
        var first = ann.GetAsync($"/longpoll?after={next}");
        await _server.AttendedAsync(1);
        var second = ann.GetAsync($"/longpoll?after={next}");

        var taken = await first;
        taken.Next.Should().Be(next);
        taken.Frames.Should().ContainSingle().Which.Should().Match<ByeFrame>(bye => bye.Code == 4009 && bye.Reconnect);
        await ann.SendAsync($$"""{"type":"say","room":"{{room}}","text":"hi"}""");
        (await second).Frames.OfType<MessageFrame>().Should().ContainSingle();
    }

    [Test]
    public async Task Devices_of_a_session_get_a_copy_each()
    {
        using var ann = await HttpAsker.BeginAsync(_server.HttpPort);
        var room = await ann.MakeRoomAsync();
        await ann.PostAsync("/send?device=tab-2", $$"""{"type":"join","room":"{{room}}"}""");
        var held = ann.GetAsync($"/longpoll?after={(await ann.GetAsync("/poll")).Next}");
        await _server.AttendedAsync(1);
        (await ann.GetAsync("/poll?device=tab-2")).Frames.OfType<WelcomeFrame>().Should().ContainSingle("it has an outbox of its own");
        await ann.SendAsync($$"""{"type":"say","room":"{{room}}","text":"to both"}""");
        (await held).Frames.OfType<MessageFrame>().Should().ContainSingle("nobody has taken over");
        (await ann.GetAsync("/poll?device=tab-2")).Frames.OfType<MessageFrame>().Should().ContainSingle();
    }

    [Test]
    public async Task Beyond_as_many_sessions_as_may_ask_new_ones_are_refused_and_the_others_go_on()
    {
        await using var server = await ServerUnderTest.StartAsync("--Http:Sessions", "2");
        using var ann = await HttpAsker.BeginAsync(server.HttpPort);
        using var bob = await HttpAsker.BeginAsync(server.HttpPort);
        using var cid = await HttpAsker.BeginAsync(server.HttpPort);
        cid.Token.Should().NotBeEmpty("it may still come by a WebSocket");
        ShouldBeRefused(await cid.GetAsync("/poll"));
        ShouldBeRefused(await cid.SendAsync("""{"type":"ping"}"""));
        (await ann.GetAsync("/poll")).Status.Should().Be(200);
        (await bob.SendAsync("""{"type":"ping"}""")).Status.Should().Be(200);

        static void ShouldBeRefused(HttpAnswer answer)
        {
            answer.ShouldBe(503, ErrorCode.Unavailable).RetryAfterMs.Should().BePositive();
            answer.Headers["Retry-After"].Should().Equal("30");
        }
    }

    [Test]
    public async Task Devices_have_names_and_a_number()
    {
        await using var server = await ServerUnderTest.StartAsync("--Http:DevicesPerSession", "3");
        using var ann = await HttpAsker.BeginAsync(server.HttpPort);
        (await ann.GetAsync("/poll")).Status.Should().Be(200);
        (await ann.GetAsync("/poll?device=a")).Status.Should().Be(200);
        (await ann.GetAsync("/poll?device=b")).Status.Should().Be(200);
        _ = (await ann.GetAsync("/poll?device=c")).ShouldBe(429, ErrorCode.RateLimited);
        foreach (var bad in new[] { "a%20b", "a/b", "%C3%A4", new string('x', 33) })
            _ = (await ann.GetAsync($"/poll?device={bad}")).ShouldBe(400, ErrorCode.BadField);
    }

    [TestCase("/longpoll?wait=0&")]
    [TestCase("/poll?")]
    public async Task Who_is_behind_what_another_confirmed_is_told_and_the_other_goes_on(string path)
    {
        using var ann = await HttpAsker.BeginAsync(_server.HttpPort);
        var room = await ann.MakeRoomAsync();
        var behind = (await ann.GetAsync("/poll")).Next;
        await ann.SendAsync($$"""{"type":"say","room":"{{room}}","text":"one"}""");
        var ahead = (await ann.GetAsync($"/poll?after={behind}")).Next;
        using var stream = await ann.OpenAsync(HttpMethod.Get, $"/stream?after={ahead}");

        var told = await ann.GetAsync($"{path}after={behind}");
        told.Frames.Should().ContainSingle().Which.Should().BeOfType<ByeFrame>().Which.Code.Should().Be(4009);
        told.Next.Should().Be(behind);
        await ann.SendAsync($$"""{"type":"say","room":"{{room}}","text":"two"}""");
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync());
        (await reader.ReadLineAsync().OrFail("the next message")).Should().Contain("\"two\"");
    }

    [Test]
    public async Task A_session_that_stops_asking_is_let_go_and_others_see_it_leave()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Http:GraceSeconds", "40");
        // At the raw port, where nobody is asked for a sign of life.
        await using var watcher = await LineClient.ConnectAsync(server.RawPort);
        await watcher.SendAsync("""{"type":"join","room":"lobby"}""");
        await watcher.Inbox.ExpectAsync<JoinedFrame>();
        using var ann = await HttpAsker.BeginAsync(server.HttpPort, "ann");
        await ann.SendAsync("""{"type":"join","room":"lobby"}""");
        await watcher.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { State: "joined", Name: "ann" });

        for (var i = 0; i < 5; i++)
        {
            time.Advance(TimeSpan.FromSeconds(30));
            (await ann.GetAsync("/poll")).Status.Should().Be(200);
        }

        await Patience.UntilAsync(() => { time.Advance(TimeSpan.FromSeconds(1)); return watcher.Inbox.All.OfType<PresenceFrame>().Any(presence => presence is { State: "left", Name: "ann" }); }, "the others see it leave");
        await Patience.UntilAsync(() => server.Services.GetRequiredService<HttpSessions>().Count == 0, "nothing is kept of it");
        (await ann.GetAsync("/poll?after=1")).Frames[0].Should().BeOfType<WelcomeFrame>("who comes back begins anew, and is told so");
    }

    [Test]
    public async Task A_held_long_poll_is_not_taken_for_silence()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Http:GraceSeconds", "5");
        using var ann = await HttpAsker.BeginAsync(server.HttpPort, "ann");
        var next = (await ann.GetAsync("/poll")).Next;
        var held = ann.GetAsync($"/longpoll?after={next}&wait=25");
        await server.AttendedAsync(1);
        // Somebody else's session is looked at with it, and is let go.
        using var bob = await HttpAsker.BeginAsync(server.HttpPort, "bob");
        var sessions = server.Services.GetRequiredService<HttpSessions>();
        await Patience.UntilAsync(() => { time.Advance(TimeSpan.FromSeconds(0.1)); return sessions.Count == 1; }, "the silent one to be let go");
        held.IsCompleted.Should().BeFalse();
        time.Advance(TimeSpan.FromSeconds(25));
        (await held).Frames.Should().BeEmpty("the wait was over, not the session");
    }

    [Test]
    public async Task A_wait_longer_than_the_operator_allows_ends_when_that_is_over()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Http:LongPollSeconds", "10");
        using var ann = await HttpAsker.BeginAsync(server.HttpPort, "ann");
        var next = (await ann.GetAsync("/poll")).Next;
        var held = ann.GetAsync($"/longpoll?after={next}&wait=1000");
        await server.AttendedAsync(1);
        time.Advance(TimeSpan.FromSeconds(11));
        (await held).Frames.Should().BeEmpty();
    }

    [Test]
    public async Task A_cursor_of_before_a_restart_gets_a_welcome_first()
    {
        using var folder = new TemporaryFolder();
        string token;
        long before;
        await using (var server = await ServerUnderTest.StartAsync("--Data:Path", folder.Path))
        {
            using var ann = await HttpAsker.BeginAsync(server.HttpPort, "ann");
            await ann.SendAsync("""[{"type":"join","room":"lobby"},{"type":"say","text":"hi"}]""");
            before = (await ann.GetAsync("/poll")).Next;
            token = ann.Token!;
        }

        await using var again = await ServerUnderTest.StartAsync("--Data:Path", folder.Path);
        using var back = new HttpAsker(again.HttpPort, token);
        var answer = await back.GetAsync($"/poll?after={before}");
        answer.Frames.Should().ContainSingle().Which.Should().BeOfType<WelcomeFrame>().Which.Rooms.Should().Equal("lobby");
        answer.Next.Should().BeGreaterThan(before, "no cursor is ever given for two frames");
    }

    [Test]
    public async Task A_server_that_leaves_says_so_to_whoever_waits()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var ann = await HttpAsker.BeginAsync(server.HttpPort, "ann");
        var next = (await ann.GetAsync("/poll")).Next;
        var held = ann.GetAsync($"/longpoll?after={next}");
        using var bob = await HttpAsker.BeginAsync(server.HttpPort, "bob");
        using var stream = await bob.OpenAsync(HttpMethod.Get, "/events");
        await server.AttendedAsync(2);

        var stopping = server.StopAsync();
        (await held).Frames.Should().ContainSingle().Which.Should().Match<ByeFrame>(bye => bye.Code == 4001 && bye.AfterMs > 0);
        (await stream.Content.ReadAsStringAsync().OrFail("the stream's end")).Should().Contain("\"code\":4001");
        await stopping.OrFail("the server's end");
    }
}
