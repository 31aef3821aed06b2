using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Proxies;

/// <summary>
/// The server behind a real nginx with its default proxy settings: HTTP/1.0 to the server, buffered answers, no upgrade, and another Host.
/// </summary>
[Category(Categories.Slow)] // runs nginx
[Parallelizable(ParallelScope.Self)]
public sealed class NginxTests
{
    private ServerUnderTest _server = null!;
    private NginxProxy _nginx = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        _nginx = await NginxProxy.StartAsync(_server.HttpPort);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        await _nginx.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Each_transport_delivers_every_frame_at_once_through_nginx([Values] HttpTransport transport)
    {
        await using var ann = await HttpChatPeer.ConnectAsync(_nginx.Port, transport);
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await using var __ = bob;
        await ann.RequestAsync<JoinedFrame>(Join("lobby"));
        for (var i = 0; i < 20; i++)
        {
            // The test sends the next message only after the previous one has arrived. If the proxy buffered a frame, this wait would time out.
            await bob.RequestAsync<AckFrame>(Say($"{transport} {i}", $"{transport}{i}"));
            await ann.Inbox.ExpectAsync<MessageFrame>(message => message.Text == $"{transport} {i}");
        }

        (await ann.RequestAsync<AckFrame>(Say("and back", "back"))).Seq.Should().BePositive();
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "and back");
        await ann.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "and back");
    }

    [Test]
    public async Task Server_rejects_a_WebSocket_through_a_default_nginx_and_explains_why()
    {
        var refused = await FluentActions.Awaiting(() => ChatClient.ConnectAsync(_nginx.Port)).Should().ThrowAsync<HandshakeRefusedException>();
        refused.Which.Response.Should().StartWith("HTTP/1.1 400").And.Contain("A WebSocket request must use HTTP/1.1");
    }

    [Test]
    public async Task WebSocket_works_through_nginx_with_the_upgrade_settings()
    {
        await using var nginx = await NginxProxy.StartAsync(_server.HttpPort, "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;");
        var (ann, joined) = await ChatClient.JoinAsync(nginx.Port, "webby");
        await using var _ = ann;
        joined.Room.Should().Be("lobby");
        await ann.RequestAsync<AckFrame>(Say("hi", "1"));
    }

    [Test]
    public async Task Server_accepts_its_own_page_behind_a_proxy_that_replaces_Host()
    {
        using var page = new HttpTestClient(_nginx.Port);
        var json = ("Content-Type", "application/json");
        var start = await page.PostAsync("/session", """{"type":"hello"}""", ("Origin", page.OwnOrigin), ("Sec-Fetch-Site", "same-origin"), json);
        start.Status.Should().Be(200, start.Body);
        var cookie = ("Cookie", start.Headers["Set-Cookie"].Single().Split(';')[0]);
        (await page.GetAsync("/poll", cookie, ("Sec-Fetch-Site", "same-origin"))).Status.Should().Be(200);
        (await page.PostAsync("/send", """{"type":"ping"}""", cookie, ("Origin", page.OwnOrigin), ("Sec-Fetch-Site", "same-origin"), json)).Status.Should().Be(200);
    }

    [Test]
    public async Task Server_accepts_the_pages_secure_cookie_behind_a_proxy_that_ends_TLS()
    {
        using var page = new HttpTestClient(_nginx.Port);
        var start = await page.PostAsync("/session", """{"type":"hello"}""", ("Origin", "https://chat.example"), ("Sec-Fetch-Site", "same-origin"), ("Content-Type", "application/json"));
        var given = start.Headers["Set-Cookie"].Single();
        given.Should().StartWith("__Host-rsc_session=").And.Contain("secure");
        (await page.GetAsync("/poll", ("Cookie", given.Split(';')[0]), ("Sec-Fetch-Site", "same-origin"))).Status.Should().Be(200);
    }

    [TestCase("http://evil.example", "same-origin")]    // DNS rebinding
    [TestCase("https://evil.example", "cross-site")]
    [TestCase("https://evil.example", "same-site")]
    [TestCase("https://evil.example", null)]
    [TestCase("http://127.0.0.1:1", "same-site")]
    [TestCase("null", "same-origin")]
    public async Task Server_does_not_accept_another_page_as_its_own(string origin, string? site)
    {
        using var page = new HttpTestClient(_nginx.Port);
        (string, string)[] headers = site is null ? [("Origin", origin)] : [("Origin", origin), ("Sec-Fetch-Site", site)];
        var answer = await page.PostAsync("/session", """{"type":"hello"}""", [.. headers, ("Content-Type", "application/json")]);
        answer.ShouldBe(403, ErrorCode.NotAllowed);
    }
}
