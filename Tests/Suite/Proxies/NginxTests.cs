using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Proxies;

/// <summary>
/// The server behind a real nginx with its default proxy settings: HTTP/1.0 to the server, buffered answers, no upgrade, and a changed Host header.
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
    public async Task Each_transport_delivers_every_frame_immediately_through_nginx([Values] HttpTransport transport)
    {
        await using var ann = await HttpChatPeer.ConnectAsync(_nginx.Port, transport);
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await using var __ = bob;
        await ann.RequestAsync<JoinedFrame>(Join("lobby"));
        for (var i = 0; i < 20; i++)
        {
            // The test sends the next message only after this message has arrived. If the proxy buffered the frame, the wait would time out.
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

    // The configuration is from the sections "Under a path" and "Unix domain sockets" of Server/docs/operations.md.
    [Test]
    public async Task Two_servers_under_paths_of_one_host_do_not_share_cookies()
    {
        const string Headers = """
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
            """;
        using var folder = new TemporaryFolder();
        var socket = Path.Combine(folder.Path, "b.sock");
        await using var first = await ServerUnderTest.StartAsync("--PathBase", "/a");
        await using var second = await ServerProcess.StartAsync("--urls", $"http://unix:{socket}", "--Proxies:Trusted:0", "127.0.0.1");
        if (OperatingSystem.IsWindows())
            return;
        // The worker process of nginx runs as another user.
        File.SetUnixFileMode(folder.Path, File.GetUnixFileMode(folder.Path) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        File.SetUnixFileMode(socket, File.GetUnixFileMode(socket) | UnixFileMode.OtherWrite);
        await using var nginx = await NginxProxy.StartAsync($$"""
            location /a/ { proxy_pass http://127.0.0.1:{{first.HttpPort}}; {{Headers}} proxy_set_header X-Forwarded-Prefix ""; }
            location = /a { proxy_pass http://127.0.0.1:{{first.HttpPort}}; {{Headers}} proxy_set_header X-Forwarded-Prefix ""; }
            location /b/ { proxy_pass http://unix:{{socket}}:/; {{Headers}} proxy_set_header X-Forwarded-Prefix /b; }
            """);
        using var page = new HttpTestClient(nginx.Port);
        var cookies = new List<string>();
        foreach (var path in (string[])["/a", "/b"])
        {
            (await page.GetAsync($"{path}/")).Body.Should().StartWith("<!doctype html>");
            var redirect = await page.GetAsync(path);
            redirect.Status.Should().BeOneOf(301, 307);
            redirect.Headers["Location"].Single().Should().EndWith($"{path}/");
            var start = await page.PostAsync($"{path}/session", """{"type":"hello"}""", ("Origin", page.OwnOrigin), ("Content-Type", "application/json"));
            start.Status.Should().Be(200, start.Body);
            var cookie = start.Headers["Set-Cookie"].Single();
            cookie.Should().Contain($"path={path};");
            cookies.Add(cookie.Split(';')[0]);
            (await page.GetAsync($"{path}/poll")).Error.Hint.Should().EndWith($"http://127.0.0.1:{nginx.Port}{path}/session");
            await using var ann = await ChatClient.ConnectAsync(nginx.Port, $"{path}/ws");
            await ann.Inbox.ExpectAsync<WelcomeFrame>();
        }

        cookies.Select(cookie => cookie.Split('=')[0]).Should().Equal("rsc_session_a", "rsc_session_b");
        (await page.GetAsync("/a/poll", ("Cookie", string.Join("; ", cookies)))).Status.Should().Be(200);
        (await page.GetAsync("/b/poll", ("Cookie", string.Join("; ", cookies)))).Status.Should().Be(200);
    }

    [TestCase("http://evil.example", "same-origin")]    // DNS rebinding
    [TestCase("https://evil.example", "cross-site")]
    [TestCase("https://evil.example", "same-site")]
    [TestCase("https://evil.example", null)]
    [TestCase("http://127.0.0.1:1", "same-site")]
    [TestCase("null", "same-origin")]
    public async Task Server_rejects_a_page_of_another_origin_behind_the_proxy(string origin, string? site)
    {
        using var page = new HttpTestClient(_nginx.Port);
        (string, string)[] headers = site is null ? [("Origin", origin)] : [("Origin", origin), ("Sec-Fetch-Site", site)];
        var answer = await page.PostAsync("/session", """{"type":"hello"}""", [.. headers, ("Content-Type", "application/json")]);
        answer.ShouldBe(403, ErrorCode.NotAllowed);
    }
}
