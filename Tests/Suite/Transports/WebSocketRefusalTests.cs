using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>The server rejects a WebSocket request that cannot work, and creates no guest for it. The error says what would work.</summary>
public sealed class WebSocketRefusalTests
{
    private static readonly (string, string)[] Upgrade =
        [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")];

    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Unknown_subprotocol_gets_an_error_that_names_the_known_ones_and_nobody_joins()
    {
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await using var __ = bob;
        using var http = new HttpTestClient(_server.HttpPort);
        var answer = await http.GetAsync("/ws?name=ann&room=lobby", [.. Upgrade, ("Sec-WebSocket-Protocol", "foo")]);

        var error = answer.ShouldBe(400, ErrorCode.BadField);
        error.Text.Should().Contain("\"foo\"").And.Contain("rawchat.v1.json and rawchat.v1.text");
        error.Hint.Should().Be($"npx wscat -s rawchat.v1.json -c 'ws://127.0.0.1:{_server.HttpPort}/ws'");
        answer.Headers["Cache-Control"].Should().Equal("no-store");
        await bob.RequestAsync<PongFrame>(new ClientFrame { Type = ClientFrameType.Ping });
        bob.Inbox.All.OfType<PresenceFrame>().Should().BeEmpty();
    }

    [TestCase("foo, rawchat.v1.text", "rawchat.v1.text")]
    [TestCase("rawchat.v1.json", "rawchat.v1.json")]
    [TestCase(" ,", null)]
    public async Task Server_accepts_an_offer_with_a_known_subprotocol_or_with_none(string offered, string? expected)
    {
        await using var client = await ChatClient.ConnectAsync(_server.HttpPort, frames: false, headers: [new("Sec-WebSocket-Protocol", offered)], subprotocols: null);
        client.Subprotocol.Should().Be(expected);
    }

    [Test]
    public async Task Unknown_format_gets_an_error_that_names_the_known_ones()
    {
        using var http = new HttpTestClient(_server.HttpPort);
        (await http.GetAsync("/ws?format=xml", Upgrade)).ShouldBe(400, ErrorCode.BadField).Text.Should().Contain("\"xml\"").And.Contain("text and json");
    }

    [Test]
    public async Task WebSocket_request_with_a_body_gets_an_error_about_the_body()
    {
        using var http = new HttpTestClient(_server.HttpPort);
        using var body = new StringContent("{}");
        var answer = await http.RequestAsync(HttpMethod.Get, "/ws", body, Upgrade);
        answer.Status.Should().Be(400);
        answer.Body.Should().Contain("no body");
    }
}
