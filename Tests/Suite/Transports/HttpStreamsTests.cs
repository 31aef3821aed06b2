using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>The rules of the three streams: server-sent events, lines, and the forever iframe.</summary>
[Category(Categories.Slow)] // waits for streams
public sealed class HttpStreamsTests
{
    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Limits:Rooms", "1000000");

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [TestCase("/events")]
    [TestCase("/stream")]
    [TestCase("/iframe")]
    public async Task Stream_that_is_taken_over_ends_with_bye(string path)
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        using var stream = await ann.OpenAsync(HttpMethod.Get, path);
        var body = await ann.ReadAndTakeOverAsync(stream, "welcome");
        body.Should().Contain("\"welcome\"").And.Contain("\"code\":4009");
    }

    [TestCase("/events")]
    [TestCase("/stream")]
    [TestCase("/iframe")]
    public async Task Response_headers_of_a_stream_forbid_proxies_to_buffer_or_cache_it(string path)
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        using var stream = await ann.OpenAsync(HttpMethod.Get, path);
        stream.StatusCode.Should().Be(HttpStatusCode.OK);
        stream.Headers.GetValues("X-Accel-Buffering").Should().Equal("no");
        stream.Headers.CacheControl!.ToString().Should().Contain("no-store").And.Contain("no-transform");
        stream.Headers.TransferEncodingChunked.Should().BeTrue();
        long.Parse(stream.Headers.GetValues("Chat-Cursor").Single(), System.Globalization.CultureInfo.InvariantCulture).Should().BePositive();
    }

    [Test]
    public async Task EventSource_resumes_after_its_last_event_id_even_if_its_address_has_a_cursor()
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        var room = await ann.CreateRoomAsync();
        var next = (await ann.GetAsync("/poll")).Next;
        await ann.SendAsync($$"""[{"type":"say","room":"{{room}}","text":"one"},{"type":"say","room":"{{room}}","text":"two"}]""");
        (await ann.GetAsync($"/poll?after={next}")).Frames.Should().HaveCount(2);
        using var stream = await ann.OpenAsync(HttpMethod.Get, "/events?after=0", null, ("Last-Event-ID", $"{next + 1}"));
        var body = await ann.ReadAndTakeOverAsync(stream, "two");
        body.Should().NotContain("\"one\"").And.Contain("\"two\"").And.Contain($"id: {next + 2}\n");
    }

    [TestCase("undefined")]
    [TestCase("null")]
    [TestCase("NaN")]
    [TestCase("-1")]
    [TestCase("99999999999999999999")]
    public async Task EventSource_cursor_that_is_not_a_number_is_ignored(string cursor)
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        foreach (var (path, headers) in ((string, (string, string)[])[])[("/events", [("Last-Event-ID", cursor)]), ($"/events?lastEventId={cursor}", []), ($"/events?after={cursor}", [])])
        {
            using var stream = await ann.OpenAsync(HttpMethod.Get, path, null, headers);
            stream.StatusCode.Should().Be(HttpStatusCode.OK, path);
            (await ann.ReadAndTakeOverAsync(stream, "welcome")).Should().Contain("\"welcome\"");
        }
    }

    [Test]
    public async Task EventSource_that_cannot_send_a_header_resumes_at_the_cursor_in_the_query()
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        var room = await ann.CreateRoomAsync();
        var next = (await ann.GetAsync("/poll")).Next;
        await ann.SendAsync($$"""[{"type":"say","room":"{{room}}","text":"one"},{"type":"say","room":"{{room}}","text":"two"}]""");
        (await ann.GetAsync($"/poll?after={next}")).Frames.Should().HaveCount(2);
        using var stream = await ann.OpenAsync(HttpMethod.Get, $"/events?after=0&lastEventId={next + 1}");
        (await ann.ReadAndTakeOverAsync(stream, "two")).Should().NotContain("\"one\"").And.Contain($"id: {next + 2}\n");
    }

    [Test]
    public async Task Server_tells_an_EventSource_that_was_taken_over_to_reconnect_only_after_an_hour()
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        using var stream = await ann.OpenAsync(HttpMethod.Get, "/events");
        var body = await ann.ReadAndTakeOverAsync(stream, "welcome");
        body.Should().StartWith("retry: 1000\n\n").And.MatchRegex("retry: 3600000\n\ndata: .*4009");
    }

    [TestCase("/stream?format=xml", "text and json")]
    [TestCase("/poll?format=xml", "text and json")]
    [TestCase("/longpoll?format=TEXT", "text and json")]
    [TestCase("/events?format=text", "only json")]
    public async Task Server_rejects_a_format_that_the_address_does_not_offer(string path, string expected)
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        (await ann.GetAsync(path)).ShouldBe(400, ErrorCode.BadField).Text.Should().Contain(expected);
        (await ann.GetAsync("/poll?format=json")).Status.Should().Be(200);
    }

    [Test]
    public async Task Stream_in_the_text_format_contains_lines_for_people()
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort, "ann");
        var room = await ann.CreateRoomAsync();
        await ann.SendAsync($$"""{"type":"say","room":"{{room}}","text":"hi"}""");
        using var stream = await ann.OpenAsync(HttpMethod.Get, "/stream?format=text");
        stream.Content.Headers.ContentType!.ToString().Should().Be("text/plain; charset=utf-8");
        (await ann.ReadAndTakeOverAsync(stream, "<ann> hi")).Should().Contain($"#{room} <ann> hi\n");
    }

    [TestCase("/events")]
    [TestCase("/stream")]
    [TestCase("/iframe")]
    public async Task Stream_with_probe_1_gets_three_probes_and_the_cursor_does_not_count_them(string path)
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        var next = (await ann.GetAsync("/poll")).Next;
        using var stream = await ann.OpenAsync(HttpMethod.Get, $"{path}?after={next}&probe=1");
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync());
        for (var probes = 0; probes < 3;)
        {
            var line = await reader.ReadLineAsync().OrFail("a probe");
            line.Should().NotStartWith("id:");
            if (line!.Contains("\"pong\"", StringComparison.Ordinal))
                probes++;
        }

        (await ann.GetAsync($"/poll?after={next}")).Frames.Should().BeEmpty();
    }

    [Test]
    public async Task Server_sends_keep_alives_on_a_silent_stream()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Http:KeepAliveSeconds", "7");
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort, "ann");
        using var stream = await ann.OpenAsync(HttpMethod.Get, "/events");
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync());
        while (!(await reader.ReadLineAsync().OrFail("the welcome"))!.Contains("welcome", StringComparison.Ordinal))
        {
        }

        (await reader.ReadLineAsync()).Should().BeEmpty();
        await server.WaitForWaitingReadsAsync(1);
        var line = reader.ReadLineAsync();
        await TestWait.UntilAsync(() => { time.Advance(TimeSpan.FromSeconds(1)); return line.IsCompleted; }, "a comment in the silence");
        (await line).Should().Be(":");
    }

    [Test]
    public async Task Iframe_ends_at_its_size_limit_and_the_next_iframe_continues_at_the_cursor()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Http:IframeBytes", "20000");
        await using var ann = await HttpChatPeer.ConnectAsync(server.HttpPort, HttpTransport.Iframe, "ann");
        await ann.RequestAsync<JoinedFrame>(ChatPeerExtensions.Join("lobby"));
        for (var i = 1; i <= 50; i++)
            await ann.RequestAsync<AckFrame>(ChatPeerExtensions.Say(new string('x', 2000), $"{i}"));
        await ann.Inbox.ExpectAsync<MessageFrame>(message => message.Seq == 50);
        ann.Inbox.All.OfType<MessageFrame>().Select(message => message.Seq).Should().Equal(Enumerable.Range(1, 50).Select(seq => (long)seq));
        ann.Requests.Should().BeGreaterThan(4);
    }
}
