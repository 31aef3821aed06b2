using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>Who asks with <c>wire=1</c> is told when each write was made, to the microsecond; no cursor counts it, and nobody else sees it.</summary>
public sealed class WireStampTests
{
    private static readonly DateTimeOffset Now = new DateTimeOffset(2026, 11, 23, 10, 2, 31, 123, TimeSpan.Zero).AddMicroseconds(45);

    private const string Stamp = """{"type":"wire","at":"2026-11-23T10:02:31.123Z","us":45}""";

    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task StartServer() =>
        _server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(new FakeTimeProvider(Now)), "--Limits:Enabled", "false", "--Limits:Rooms", "1000");

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [TestCase("/poll?")]
    [TestCase("/longpoll?wait=0&")]
    public async Task A_polls_last_frame_is_the_stamp_and_the_cursor_is_as_without(string path)
    {
        using var ann = await HttpAsker.BeginAsync(_server.HttpPort);
        var room = await ann.MakeRoomAsync();
        var before = (await ann.GetAsync("/poll")).Next;
        await ann.SendAsync($$"""[{"type":"say","room":"{{room}}","text":"one"},{"type":"say","room":"{{room}}","text":"two"}]""");

        var plain = await ann.GetAsync($"{path}after={before}");
        var stamped = await ann.GetAsync($"{path}after={before}&wire=1");
        plain.Frames.Select(frame => frame.GetType()).Should().Equal(typeof(MessageFrame), typeof(MessageFrame));
        stamped.Frames.Take(2).Should().Equal(plain.Frames);
        stamped.Frames.Skip(2).Should().Equal(new WireFrame(Now));
        stamped.Body.Should().Contain(Stamp);
        stamped.Next.Should().Be(plain.Next);
        (await ann.GetAsync($"{path}after={stamped.Next}&wire=1")).Frames.Should().BeEmpty("where nothing comes, nothing was handed over");
    }

    [TestCase("/events")]
    [TestCase("/stream")]
    [TestCase("/iframe")]
    public async Task A_streams_writes_end_in_a_stamp_that_no_cursor_counts(string path)
    {
        using var ann = await HttpAsker.BeginAsync(_server.HttpPort);
        var room = await ann.MakeRoomAsync();
        var next = (await ann.GetAsync("/poll")).Next;
        await ann.SendAsync($$"""[{"type":"say","room":"{{room}}","text":"one"},{"type":"say","room":"{{room}}","text":"two"}]""");
        using var stream = await ann.OpenAsync(HttpMethod.Get, $"{path}?after={next}&wire=1");
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync());

        (await NextAsync(reader)).Should().Contain("\"one\"");
        (await NextAsync(reader)).Should().Contain("\"two\"");
        (await NextAsync(reader)).Should().Contain(Stamp);
        await ann.SendAsync($$"""{"type":"say","room":"{{room}}","text":"three"}""");
        (await NextAsync(reader)).Should().Contain("\"three\"");
        (await NextAsync(reader)).Should().Contain(Stamp);
        (await ann.GetAsync($"/poll?after={next + 3}")).Frames.Should().BeEmpty("three frames were counted");
        var rest = await reader.ReadToEndAsync().OrFail("the stream's end");
        rest.Should().Contain("\"code\":4009").And.NotContain("\"wire\"", "the farewell is the last");
    }

    [Test]
    public async Task An_event_that_is_a_stamp_has_no_id()
    {
        using var ann = await HttpAsker.BeginAsync(_server.HttpPort);
        using var stream = await ann.OpenAsync(HttpMethod.Get, "/events?wire=1");
        (await ann.ReadAndTakeOverAsync(stream, "welcome")).Should().Contain($"\n\ndata: {Stamp}\n\n");
    }

    [TestCase("/events")]
    [TestCase("/stream")]
    [TestCase("/iframe")]
    [TestCase("/events?wire=0")]
    [TestCase("/stream?wire=yes")]
    public async Task A_stream_that_did_not_ask_gets_none(string path)
    {
        using var ann = await HttpAsker.BeginAsync(_server.HttpPort);
        using var stream = await ann.OpenAsync(HttpMethod.Get, path);
        (await ann.ReadAndTakeOverAsync(stream, "welcome")).Should().Contain("\"welcome\"").And.NotContain("\"wire\"");
    }

    [Test]
    public async Task On_a_WebSocket_each_write_ends_in_a_stamp_where_it_was_asked_for()
    {
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann&room=lobby&wire=1", frames: false);
        await using var bob = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=bob&room=lobby", frames: false);
        await ann.SendAsync("""{"type":"say","room":"lobby","text":"hi"}""");
        await Patience.UntilAsync(() => Has(bob, "\"hi\"") && Of(ann).Zip(Of(ann).Skip(1)).Any(pair => pair.First.Contains("\"hi\"", StringComparison.Ordinal) && pair.Second == Stamp), () => string.Join('\n', Of(ann)));

        // One or more frames, then their stamp, from the welcome on.
        Of(ann)[0].Should().Contain("\"welcome\"");
        Of(ann).Count(line => line == Stamp).Should().BeGreaterThanOrEqualTo(3, "the greeting, the ack and the message were written at three times");
        Of(ann).Zip(Of(ann).Skip(1)).Should().NotContain(pair => pair.First == Stamp && pair.Second == Stamp);
        Of(bob).Should().NotContain(line => line.Contains("\"wire\"", StringComparison.Ordinal));
    }

    [Test]
    public async Task The_text_format_shows_nothing_of_it()
    {
        await using var cid = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=cid&room=lobby&wire=1&format=text", frames: false);
        await cid.SendAsync("hello there");
        await Patience.UntilAsync(() => Has(cid, "<cid> hello there"), "the message");
        Of(cid).Should().NotContain(line => line.Length == 0 || line.Contains("wire", StringComparison.Ordinal));
    }

    private static async Task<string> NextAsync(StreamReader reader)
    {
        while (true)
        {
            var line = await reader.ReadLineAsync().OrFail("the next frame") ?? throw new AssertionException("the stream has ended");
            if (line.Contains("\"type\"", StringComparison.Ordinal))
                return line;
        }
    }

    private static bool Has(ChatClient client, string text) => Of(client).Exists(line => line.Contains(text, StringComparison.Ordinal));

    private static List<string> Of(ChatClient client)
    {
        lock (client.Lines)
            return [.. client.Lines];
    }
}
