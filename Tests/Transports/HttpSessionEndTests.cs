using System.Globalization;
using System.Net.Sockets;
using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>A session over HTTP that ends, or gives its place to another, while requests are under way: each is answered.</summary>
public sealed class HttpSessionEndTests
{
    private ServerUnderTest _server = null!;
    private HttpAsker _ann = null!;

    [SetUp]
    public async Task Begin()
    {
        _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        _ann = await HttpAsker.BeginAsync(_server.HttpPort, "ann");
    }

    [TearDown]
    public async Task End()
    {
        _ann.Dispose();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task A_post_whose_body_comes_after_the_sessions_end_is_answered()
    {
        await _ann.GetAsync("/poll");
        using var late = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await late.ConnectAsync("127.0.0.1", _server.HttpPort);
        const string body = """{"type":"ping"}""";
        // The server says so once it asks for the body: it has looked the session up by then.
        await late.SendAsync(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"POST /send HTTP/1.1\r\nHost: 127.0.0.1:{_server.HttpPort}\r\nAuthorization: Bearer {_ann.Token}\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n")));
        using var reader = new StreamReader(new NetworkStream(late));
        (await reader.ReadLineAsync().OrFail("100 Continue")).Should().StartWith("HTTP/1.1 100");
        await reader.ReadLineAsync();

        _server.ConnectionOf("ann").Close(Disconnect.Idle);
        await Patience.UntilAsync(() => _server.Connections.Count == 0, "the session's end");
        await late.SendAsync(Encoding.ASCII.GetBytes(body));
        (await reader.ReadToEndAsync().OrFail("an answer")).Should().StartWith("HTTP/1.1 503").And.Contain("\"code\":\"unavailable\"").And.Contain("Retry-After: 1");
    }

    [Test]
    public async Task Who_posts_while_the_server_leaves_is_told_so_at_once()
    {
        await _ann.GetAsync("/poll");
        _server.Connections.CloseAll(Disconnect.Draining);
        await Patience.UntilAsync(() => _server.Connections.Count == 0, "the session's end");
        _ = (await _ann.SendAsync("""{"type":"ping"}""")).ShouldBe(503, ErrorCode.Unavailable);
        var kept = (await _ann.GetAsync("/poll")).Frames;
        kept[0].Should().BeOfType<WelcomeFrame>("what was not confirmed is kept until it was got");
        kept[^1].Should().BeOfType<ByeFrame>().Which.Code.Should().Be(Disconnect.Draining.Code);
    }

    [Test]
    public async Task A_session_that_becomes_another_by_hello_takes_the_place_of_that_ones_requests()
    {
        using var bob = await HttpAsker.BeginAsync(_server.HttpPort, "bob");
        using var stream = await bob.OpenAsync(HttpMethod.Get, "/stream");
        (await _ann.SendAsync($$"""{"type":"hello","session":"{{bob.Token}}"}""")).Answers.Should().ContainSingle().Which.Should().BeOfType<WelcomeFrame>().Which.Name.Should().Be("bob");

        (await stream.Content.ReadAsStringAsync().OrFail("the end of the stream before")).Should().Contain("\"code\":4009");
        await Patience.UntilAsync(() => _server.Connections.Count == 1, "one connection of the session");
    }
}
