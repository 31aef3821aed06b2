using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>
/// A client that sends <c>wire=1</c> in its request gets a wire frame at the end of each write, with the time of the write in microseconds.
/// Cursors do not count wire frames. Other clients get no wire frames.
/// </summary>
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
    public async Task Poll_answer_ends_with_a_wire_frame_and_the_cursor_does_not_count_it(string path)
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        var room = await ann.CreateRoomAsync();
        var before = (await ann.GetAsync("/poll")).Next;
        await ann.SendAsync($$"""[{"type":"say","room":"{{room}}","text":"one"},{"type":"say","room":"{{room}}","text":"two"}]""");

        var plain = await ann.GetAsync($"{path}after={before}");
        var stamped = await ann.GetAsync($"{path}after={before}&wire=1");
        plain.Frames.Select(frame => frame.GetType()).Should().Equal(typeof(MessageFrame), typeof(MessageFrame));
        stamped.Frames.Take(2).Should().Equal(plain.Frames);
        stamped.Frames.Skip(2).Should().Equal(new WireFrame(Now));
        stamped.Body.Should().Contain(Stamp);
        stamped.Next.Should().Be(plain.Next);
        (await ann.GetAsync($"{path}after={stamped.Next}&wire=1")).Frames.Should().BeEmpty("an empty answer has no write time");
    }

    [TestCase("/events")]
    [TestCase("/stream")]
    [TestCase("/iframe")]
    public async Task Each_write_of_a_stream_ends_with_a_wire_frame_and_the_cursor_does_not_count_it(string path)
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        var room = await ann.CreateRoomAsync();
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
        (await ann.GetAsync($"/poll?after={next + 3}")).Frames.Should().BeEmpty("the cursor counts three frames");
        var rest = await reader.ReadToEndAsync().OrFail("the end of the stream");
        rest.Should().Contain("\"code\":4009").And.NotContain("\"wire\"", "the close message is the last frame");
    }

    [Test]
    public async Task Server_sent_event_that_contains_a_wire_frame_has_no_id_field()
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        using var stream = await ann.OpenAsync(HttpMethod.Get, "/events?wire=1");
        (await ann.ReadAndTakeOverAsync(stream, "welcome")).Should().Contain($"\n\ndata: {Stamp}\n\n");
    }

    [TestCase("/events")]
    [TestCase("/stream")]
    [TestCase("/iframe")]
    [TestCase("/events?wire=0")]
    [TestCase("/stream?wire=yes")]
    public async Task Stream_without_wire_1_gets_no_wire_frame(string path)
    {
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        using var stream = await ann.OpenAsync(HttpMethod.Get, path);
        (await ann.ReadAndTakeOverAsync(stream, "welcome")).Should().Contain("\"welcome\"").And.NotContain("\"wire\"");
    }

    [Test]
    public async Task Each_write_on_a_WebSocket_with_wire_1_ends_with_a_wire_frame()
    {
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann&room=lobby&wire=1", frames: false);
        await using var bob = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=bob&room=lobby", frames: false);
        await ann.SendAsync("""{"type":"say","room":"lobby","text":"hi"}""");
        await TestWait.UntilAsync(() => Has(bob, "\"hi\"") && Of(ann).Zip(Of(ann).Skip(1)).Any(pair => pair.First.Contains("\"hi\"", StringComparison.Ordinal) && pair.Second == Stamp), () => string.Join('\n', Of(ann)));

        // Each write contains one or more frames and then a wire frame. The first frame of the first write is the welcome.
        Of(ann)[0].Should().Contain("\"welcome\"");
        Of(ann).Count(line => line == Stamp).Should().BeGreaterThanOrEqualTo(3, "the welcome, the ack and the message are three writes");
        Of(ann).Zip(Of(ann).Skip(1)).Should().NotContain(pair => pair.First == Stamp && pair.Second == Stamp);
        Of(bob).Should().NotContain(line => line.Contains("\"wire\"", StringComparison.Ordinal));
    }

    [Test]
    public async Task Text_format_does_not_show_wire_frames()
    {
        await using var cid = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=cid&room=lobby&wire=1&format=text", frames: false);
        await cid.SendAsync("hello there");
        await TestWait.UntilAsync(() => Has(cid, "<cid> hello there"), "the message");
        Of(cid).Should().NotContain(line => line.Length == 0 || line.Contains("wire", StringComparison.Ordinal));
    }

    private static async Task<string> NextAsync(StreamReader reader)
    {
        while (true)
        {
            var line = await reader.ReadLineAsync().OrFail("the next frame") ?? throw new AssertionException("the stream ended");
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
