using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>The rules that all HTTP transports share: one outbox for each session, one reading request at a time, and a grace period without requests.</summary>
public sealed class HttpSessionTests
{
    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Limits:Rooms", "1000000");

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Server_answers_a_poll_immediately_and_removes_the_confirmed_frames()
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        var first = await ann.GetAsync("/poll");
        first.Headers["Content-Type"].Should().Equal("application/json");
        first.Headers["Cache-Control"].Should().Equal("no-store");
        first.Frames.Should().ContainSingle().Which.Should().BeOfType<WelcomeFrame>();
        (await ann.GetAsync("/poll?after=0")).Frames.Should().ContainSingle("no frame was confirmed");
        (await ann.GetAsync($"/poll?after={first.Next}")).Frames.Should().BeEmpty();
    }

    [Test]
    public async Task Server_holds_a_long_poll_until_a_frame_comes()
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        var room = await ann.CreateRoomAsync();
        var next = (await ann.GetAsync("/poll")).Next;
        var held = ann.GetAsync($"/longpoll?after={next}");
        await _server.WaitForWaitingReadsAsync(1);
        held.IsCompleted.Should().BeFalse();
        (await ann.SendAsync($$"""{"type":"say","room":"{{room}}","text":"hi"}""")).Answers.Should().ContainSingle().Which.Should().BeOfType<AckFrame>();
        (await held).Frames.OfType<MessageFrame>().Should().ContainSingle().Which.Text.Should().Be("hi");
    }

    [TestCase("0")]
    [TestCase("0.05")]
    public async Task Long_poll_returns_no_frames_when_its_wait_is_over(string wait)
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
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
    public async Task Server_rejects_an_invalid_cursor_or_wait_with_a_hint(string path)
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        (await ann.GetAsync(path)).ShouldBe(400, ErrorCode.BadField).Hint.Should().NotBeNull();
    }

    [Test]
    public async Task Second_long_poll_takes_over_from_the_first()
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        var room = await ann.CreateRoomAsync();
        var next = (await ann.GetAsync("/poll")).Next;
        var first = ann.GetAsync($"/longpoll?after={next}");
        await _server.WaitForWaitingReadsAsync(1);
        var second = ann.GetAsync($"/longpoll?after={next}");

        var taken = await first;
        taken.Next.Should().Be(next);
        taken.Frames.Should().ContainSingle().Which.Should().Match<ByeFrame>(bye => bye.Code == 4009 && bye.Reconnect);
        await ann.SendAsync($$"""{"type":"say","room":"{{room}}","text":"hi"}""");
        (await second).Frames.OfType<MessageFrame>().Should().ContainSingle();
    }

    [Test]
    public async Task Each_device_of_a_session_gets_its_own_copy_of_a_frame()
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        var room = await ann.CreateRoomAsync();
        await ann.PostAsync("/send?device=tab-2", $$"""{"type":"join","room":"{{room}}"}""");
        var held = ann.GetAsync($"/longpoll?after={(await ann.GetAsync("/poll")).Next}");
        await _server.WaitForWaitingReadsAsync(1);
        (await ann.GetAsync("/poll?device=tab-2")).Frames.OfType<WelcomeFrame>().Should().ContainSingle("the device has its own outbox");
        await ann.SendAsync($$"""{"type":"say","room":"{{room}}","text":"to both"}""");
        (await held).Frames.OfType<MessageFrame>().Should().ContainSingle("the other device has not taken over");
        (await ann.GetAsync("/poll?device=tab-2")).Frames.OfType<MessageFrame>().Should().ContainSingle();
    }

    [Test]
    public async Task Server_rejects_new_sessions_at_the_limit_and_keeps_the_existing_ones()
    {
        await using var server = await ServerUnderTest.StartAsync("--Http:Sessions", "2");
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort);
        using var bob = await HttpTestClient.StartSessionAsync(server.HttpPort);
        using var cid = await HttpTestClient.StartSessionAsync(server.HttpPort);
        cid.Token.Should().NotBeEmpty("the session exists and can still use a WebSocket");
        ShouldBeRejected(await cid.GetAsync("/poll"));
        ShouldBeRejected(await cid.SendAsync("""{"type":"ping"}"""));
        (await ann.GetAsync("/poll")).Status.Should().Be(200);
        (await bob.SendAsync("""{"type":"ping"}""")).Status.Should().Be(200);

        static void ShouldBeRejected(HttpTestResponse answer)
        {
            answer.ShouldBe(503, ErrorCode.Unavailable).RetryAfterMs.Should().BePositive();
            answer.Headers["Retry-After"].Should().Equal("30");
        }
    }

    [Test]
    public async Task Server_rejects_invalid_device_names_and_too_many_devices()
    {
        await using var server = await ServerUnderTest.StartAsync("--Http:DevicesPerSession", "3");
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort);
        (await ann.GetAsync("/poll")).Status.Should().Be(200);
        (await ann.GetAsync("/poll?device=a")).Status.Should().Be(200);
        (await ann.GetAsync("/poll?device=b")).Status.Should().Be(200);
        _ = (await ann.GetAsync("/poll?device=c")).ShouldBe(429, ErrorCode.RateLimited);
        foreach (var bad in new[] { "a%20b", "a/b", "%C3%A4", new string('x', 33) })
            _ = (await ann.GetAsync($"/poll?device={bad}")).ShouldBe(400, ErrorCode.BadField);
    }

    [TestCase("/longpoll?wait=0&")]
    [TestCase("/poll?")]
    public async Task Request_with_a_stale_cursor_gets_bye_and_the_newer_request_continues(string path)
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        var room = await ann.CreateRoomAsync();
        var behind = (await ann.GetAsync("/poll")).Next;
        await ann.SendAsync($$"""{"type":"say","room":"{{room}}","text":"one"}""");
        var ahead = (await ann.GetAsync($"/poll?after={behind}")).Next;
        using var stream = await ann.OpenAsync(HttpMethod.Get, $"/stream?after={ahead}");

        var rejected = await ann.GetAsync($"{path}after={behind}");
        rejected.Frames.Should().ContainSingle().Which.Should().BeOfType<ByeFrame>().Which.Code.Should().Be(4009);
        rejected.Next.Should().Be(behind);
        await ann.SendAsync($$"""{"type":"say","room":"{{room}}","text":"two"}""");
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync());
        (await reader.ReadLineAsync().OrFail("the next message")).Should().Contain("\"two\"");
    }

    [Test]
    public async Task Server_closes_a_session_without_requests_after_the_grace_period()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Http:GraceSeconds", "40");
        // The watcher uses raw TCP, because the server sends no pings on this transport.
        await using var watcher = await LineClient.ConnectAsync(server.RawPort);
        await watcher.SendAsync("""{"type":"join","room":"lobby"}""");
        await watcher.Inbox.ExpectAsync<JoinedFrame>();
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort, "ann");
        await ann.SendAsync("""{"type":"join","room":"lobby"}""");
        await watcher.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { State: "joined", Name: "ann" });

        for (var i = 0; i < 5; i++)
        {
            time.Advance(TimeSpan.FromSeconds(30));
            (await ann.GetAsync("/poll")).Status.Should().Be(200);
        }

        await TestWait.UntilAsync(() => { time.Advance(TimeSpan.FromSeconds(1)); return watcher.Inbox.All.OfType<PresenceFrame>().Any(presence => presence is { State: "left", Name: "ann" }); }, "the presence frame that shows that ann has left");
        await TestWait.UntilAsync(() => server.Services.GetRequiredService<HttpSessionRegistry>().Count == 0, "the session to be removed");
        (await ann.GetAsync("/poll?after=1")).Frames[0].Should().BeOfType<WelcomeFrame>("a client that returns gets a new connection with a welcome");
    }

    [Test]
    public async Task Session_stays_open_while_a_long_poll_is_held()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Http:GraceSeconds", "5");
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort, "ann");
        var next = (await ann.GetAsync("/poll")).Next;
        var held = ann.GetAsync($"/longpoll?after={next}&wait=25");
        await server.WaitForWaitingReadsAsync(1);
        // Wait until the server has closed another session, which has no held request.
        using var bob = await HttpTestClient.StartSessionAsync(server.HttpPort, "bob");
        var sessions = server.Services.GetRequiredService<HttpSessionRegistry>();
        await TestWait.UntilAsync(() => { time.Advance(TimeSpan.FromSeconds(0.1)); return sessions.Count == 1; }, "the idle session to be closed");
        held.IsCompleted.Should().BeFalse();
        time.Advance(TimeSpan.FromSeconds(25));
        (await held).Frames.Should().BeEmpty("the wait is over, and the session continues");
    }

    [Test]
    public async Task Long_poll_waits_no_longer_than_the_setting_allows()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Http:LongPollSeconds", "10");
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort, "ann");
        var next = (await ann.GetAsync("/poll")).Next;
        var held = ann.GetAsync($"/longpoll?after={next}&wait=1000");
        // The wait begins some time after the request was sent, so one large step of the clock might come too early. The test advances the clock
        // in small steps until the wait ends. This takes about 100 steps, not the 10,000 steps of the requested wait.
        await TestWait.UntilAsync(() => { time.Advance(TimeSpan.FromSeconds(0.1)); return held.IsCompleted; }, "the end of the wait");
        (await held).Frames.Should().BeEmpty();
    }

    [Test]
    public async Task Poll_with_a_cursor_from_before_a_restart_gets_a_welcome_first()
    {
        using var folder = new TemporaryFolder();
        string token;
        long before;
        await using (var server = await ServerUnderTest.StartAsync("--Data:Path", folder.Path))
        {
            using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort, "ann");
            await ann.SendAsync("""[{"type":"join","room":"lobby"},{"type":"say","text":"hi"}]""");
            before = (await ann.GetAsync("/poll")).Next;
            token = ann.Token!;
        }

        await using var again = await ServerUnderTest.StartAsync("--Data:Path", folder.Path);
        using var back = new HttpTestClient(again.HttpPort, token);
        var answer = await back.GetAsync($"/poll?after={before}");
        answer.Frames.Should().ContainSingle().Which.Should().BeOfType<WelcomeFrame>().Which.Rooms.Should().Equal("lobby");
        answer.Next.Should().BeGreaterThan(before, "a cursor is never used for two frames");
    }

    [Test]
    public async Task Server_sends_a_close_message_to_held_requests_when_it_stops()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort, "ann");
        var next = (await ann.GetAsync("/poll")).Next;
        var held = ann.GetAsync($"/longpoll?after={next}");
        using var bob = await HttpTestClient.StartSessionAsync(server.HttpPort, "bob");
        using var stream = await bob.OpenAsync(HttpMethod.Get, "/events");
        await server.WaitForWaitingReadsAsync(2);

        var stopping = server.StopAsync();
        (await held).Frames.Should().ContainSingle().Which.Should().Match<ByeFrame>(bye => bye.Code == 4001 && bye.AfterMs > 0);
        (await stream.Content.ReadAsStringAsync().OrFail("the end of the stream")).Should().Contain("\"code\":4001");
        await stopping.OrFail("the stop of the server");
    }
}
