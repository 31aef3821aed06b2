using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>What streams have of their own: events, lines, the forever iframe.</summary>
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
    public async Task A_stream_that_is_taken_over_says_bye_and_ends(string path)
    {
        using var ann = await HttpAsker.BeginAsync(_server.HttpPort);
        using var stream = await ann.OpenAsync(HttpMethod.Get, path);
        var body = await ann.ReadAndTakeOverAsync(stream, "welcome");
        body.Should().Contain("\"welcome\"").And.Contain("\"code\":4009");
    }

    [TestCase("/events")]
    [TestCase("/stream")]
    [TestCase("/iframe")]
    public async Task A_stream_keeps_proxies_from_keeping_it(string path)
    {
        using var ann = await HttpAsker.BeginAsync(_server.HttpPort);
        using var stream = await ann.OpenAsync(HttpMethod.Get, path);
        stream.StatusCode.Should().Be(HttpStatusCode.OK);
        stream.Headers.GetValues("X-Accel-Buffering").Should().Equal("no");
        stream.Headers.CacheControl!.ToString().Should().Contain("no-store").And.Contain("no-transform");
        stream.Headers.TransferEncodingChunked.Should().BeTrue();
        long.Parse(stream.Headers.GetValues("Chat-Cursor").Single(), System.Globalization.CultureInfo.InvariantCulture).Should().BePositive();
    }

    [Test]
    public async Task An_event_source_resumes_by_the_id_that_it_saw_last_whatever_its_address_says()
    {
        using var ann = await HttpAsker.BeginAsync(_server.HttpPort);
        var room = await ann.MakeRoomAsync();
        var next = (await ann.GetAsync("/poll")).Next;
        await ann.SendAsync($$"""[{"type":"say","room":"{{room}}","text":"one"},{"type":"say","room":"{{room}}","text":"two"}]""");
        (await ann.GetAsync($"/poll?after={next}")).Frames.Should().HaveCount(2);
        using var stream = await ann.OpenAsync(HttpMethod.Get, "/events?after=0", null, ("Last-Event-ID", $"{next + 1}"));
        var body = await ann.ReadAndTakeOverAsync(stream, "two");
        body.Should().NotContain("\"one\"").And.Contain("\"two\"").And.Contain($"id: {next + 2}\n");
    }

    [Test]
    public async Task A_stream_in_text_is_what_a_person_reads()
    {
        using var ann = await HttpAsker.BeginAsync(_server.HttpPort, "ann");
        var room = await ann.MakeRoomAsync();
        await ann.SendAsync($$"""{"type":"say","room":"{{room}}","text":"hi"}""");
        using var stream = await ann.OpenAsync(HttpMethod.Get, "/stream?format=text");
        stream.Content.Headers.ContentType!.ToString().Should().Be("text/plain; charset=utf-8");
        (await ann.ReadAndTakeOverAsync(stream, "<ann> hi")).Should().Contain($"#{room} <ann> hi\n");
    }

    [TestCase("/events")]
    [TestCase("/stream")]
    [TestCase("/iframe")]
    public async Task A_stream_that_asks_for_probes_gets_three_that_no_cursor_counts(string path)
    {
        using var ann = await HttpAsker.BeginAsync(_server.HttpPort);
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
    public async Task A_silent_stream_gets_something_to_ignore()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Http:KeepAliveSeconds", "7");
        using var ann = await HttpAsker.BeginAsync(server.HttpPort, "ann");
        using var stream = await ann.OpenAsync(HttpMethod.Get, "/events");
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync());
        while (!(await reader.ReadLineAsync().OrFail("the welcome"))!.Contains("welcome", StringComparison.Ordinal))
        {
        }

        (await reader.ReadLineAsync()).Should().BeEmpty();
        await server.AttendedAsync(1);
        var line = reader.ReadLineAsync();
        await Patience.UntilAsync(() => { time.Advance(TimeSpan.FromSeconds(1)); return line.IsCompleted; }, "a comment in the silence");
        (await line).Should().Be(":");
    }

    [Test]
    public async Task An_iframe_ends_after_so_many_bytes_and_a_fresh_one_goes_on_with_the_cursor()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Http:IframeBytes", "20000");
        await using var ann = await HttpChatPeer.ConnectAsync(server.HttpPort, HttpWay.Iframe, "ann");
        await ann.AskAsync<JoinedFrame>(ChatPeerVerbs.Join("lobby"));
        for (var i = 1; i <= 50; i++)
            await ann.AskAsync<AckFrame>(ChatPeerVerbs.Say(new string('x', 2000), $"{i}"));
        await ann.Inbox.ExpectAsync<MessageFrame>(message => message.Seq == 50);
        ann.Inbox.All.OfType<MessageFrame>().Select(message => message.Seq).Should().Equal(Enumerable.Range(1, 50).Select(seq => (long)seq));
        ann.Requests.Should().BeGreaterThan(4);
    }
}
