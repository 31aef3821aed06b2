using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Proxies;

/// <summary>Behind a real nginx with its default proxy settings: HTTP/1.0 to the server, answers buffered, no upgrade, another Host.</summary>
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
    public async Task Each_way_brings_each_frame_as_it_comes([Values] HttpWay way)
    {
        await using var ann = await HttpChatPeer.ConnectAsync(_nginx.Port, way);
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await using var __ = bob;
        await ann.AskAsync<JoinedFrame>(Join("lobby"));
        for (var i = 0; i < 20; i++)
        {
            // One at a time: what is held back by the proxy would never come.
            await bob.AskAsync<AckFrame>(Say($"{way} {i}", $"{way}{i}"));
            await ann.Inbox.ExpectAsync<MessageFrame>(message => message.Text == $"{way} {i}");
        }

        (await ann.AskAsync<AckFrame>(Say("and back", "back"))).Seq.Should().BePositive();
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "and back");
        await ann.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "and back");
    }

    [Test]
    public async Task A_WebSocket_is_refused_in_words()
    {
        var refused = await FluentActions.Awaiting(() => ChatClient.ConnectAsync(_nginx.Port)).Should().ThrowAsync<HandshakeRefusedException>();
        refused.Which.Response.Should().StartWith("HTTP/1.1 400").And.Contain("A WebSocket is opened over HTTP/1.1");
    }

    [Test]
    public async Task With_the_lines_that_nginx_wants_for_it_a_WebSocket_passes()
    {
        await using var nginx = await NginxProxy.StartAsync(_server.HttpPort, "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;");
        var (ann, joined) = await ChatClient.JoinAsync(nginx.Port, "webby");
        await using var _ = ann;
        joined.Room.Should().Be("lobby");
        await ann.AskAsync<AckFrame>(Say("hi", "1"));
    }

    [Test]
    public async Task Our_own_page_is_known_although_the_proxy_hides_which_address_it_asked()
    {
        using var page = new HttpAsker(_nginx.Port);
        var json = ("Content-Type", "application/json");
        var start = await page.PostAsync("/session", """{"type":"hello"}""", ("Origin", page.Own), ("Sec-Fetch-Site", "same-origin"), json);
        start.Status.Should().Be(200, start.Body);
        var cookie = ("Cookie", start.Headers["Set-Cookie"].Single().Split(';')[0]);
        (await page.GetAsync("/poll", cookie, ("Sec-Fetch-Site", "same-origin"))).Status.Should().Be(200);
        (await page.PostAsync("/send", """{"type":"ping"}""", cookie, ("Origin", page.Own), ("Sec-Fetch-Site", "same-origin"), json)).Status.Should().Be(200);
    }

    [Test]
    public async Task Behind_TLS_that_the_proxy_ends_the_cookie_of_the_page_counts_for_every_way()
    {
        using var page = new HttpAsker(_nginx.Port);
        var start = await page.PostAsync("/session", """{"type":"hello"}""", ("Origin", "https://chat.example"), ("Sec-Fetch-Site", "same-origin"), ("Content-Type", "application/json"));
        var given = start.Headers["Set-Cookie"].Single();
        given.Should().StartWith("__Host-rsc_session=").And.Contain("secure");
        (await page.GetAsync("/poll", ("Cookie", given.Split(';')[0]), ("Sec-Fetch-Site", "same-origin"))).Status.Should().Be(200);
    }

    [TestCase("http://evil.example", "same-origin")]    // a name that was pointed at this machine
    [TestCase("https://evil.example", "cross-site")]
    [TestCase("https://evil.example", "same-site")]
    [TestCase("https://evil.example", null)]
    [TestCase("http://127.0.0.1:1", "same-site")]
    [TestCase("null", "same-origin")]
    public async Task A_page_of_anybody_else_is_not(string origin, string? site)
    {
        using var page = new HttpAsker(_nginx.Port);
        (string, string)[] headers = site is null ? [("Origin", origin)] : [("Origin", origin), ("Sec-Fetch-Site", site)];
        var answer = await page.PostAsync("/session", """{"type":"hello"}""", [.. headers, ("Content-Type", "application/json")]);
        if (origin == "null")
            answer.Headers["Set-Cookie"].Should().BeEmpty("a page from disk is allowed on this machine, and never known by a cookie");
        else
            answer.ShouldBe(403, ErrorCode.NotAllowed);
    }
}
