using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>The setting PathBase or the headers of a trusted proxy put the server under a path of its host.</summary>
public sealed class MountPathTests
{
    private static readonly (string, string) Json = ("Content-Type", "application/json");

    private ServerUnderTest _mounted = null!;
    private ServerUnderTest _proxied = null!;

    [OneTimeSetUp]
    public async Task StartServers()
    {
        _mounted = await ServerUnderTest.StartAsync("--PathBase", "/chat");
        _proxied = await ServerUnderTest.StartAsync("--Proxies:Trusted:0", "127.0.0.1");
    }

    [OneTimeTearDown]
    public async Task StopServers()
    {
        await _mounted.DisposeAsync();
        await _proxied.DisposeAsync();
    }

    [Test]
    public async Task All_addresses_are_under_the_mount_path()
    {
        using var http = new HttpTestClient(_mounted.HttpPort);
        (await http.GetAsync("/chat/")).Body.Should().StartWith("<!doctype html>");
        var start = await http.PostAsync("/chat/session", """{"type":"hello"}""");
        start.Status.Should().Be(200, start.Body);
        start.Headers["Set-Cookie"].Single().Should().StartWith("rsc_session_chat=").And.Contain("path=/chat;");
        var cookie = ("Cookie", start.Headers["Set-Cookie"].Single().Split(';')[0]);
        (await http.GetAsync("/chat/poll", cookie)).Status.Should().Be(200);
        (await http.PostAsync("/chat/send/", """{"type":"ping"}""", cookie)).Status.Should().Be(200);
        await using var ann = await ChatClient.ConnectAsync(_mounted.HttpPort, "/chat/ws");
        await using var bob = await ChatClient.ConnectAsync(_mounted.HttpPort, "/chat");
        await bob.Inbox.ExpectAsync<WelcomeFrame>();
    }

    [TestCase("/chat", "/chat/")]
    [TestCase("/chat?room=den&x=1", "/chat/?room=den&x=1")]
    public async Task Mount_path_without_a_slash_is_redirected(string path, string location)
    {
        using var http = new HttpTestClient(_mounted.HttpPort);
        var answer = await http.GetAsync(path);
        answer.Status.Should().Be(307);
        answer.Headers["Location"].Should().Equal(location);
    }

    [TestCase("/", 404)]
    [TestCase("/session", 404)]
    [TestCase("/chatter", 404)]
    [TestCase("/CHAT/", 404)]
    [TestCase("/healthz", 200)]
    [TestCase("/readyz", 200)]
    [TestCase("/chat/healthz", 200)]
    public async Task Server_answers_404_outside_the_mount_path_except_to_load_balancers(string path, int status)
    {
        using var http = new HttpTestClient(_mounted.HttpPort);
        var answer = await http.GetAsync(path);
        answer.Status.Should().Be(status);
        if (status == 404)
            answer.Body.Should().Contain("The chat page is at /chat/");
    }

    [Test]
    public async Task Hints_contain_the_mount_path()
    {
        using var http = new HttpTestClient(_mounted.HttpPort);
        (await http.GetAsync("/chat/poll")).Error.Hint.Should().EndWith($"http://127.0.0.1:{_mounted.HttpPort}/chat/session");
        (await http.GetAsync("/chat/ws")).Body.Should().Contain($"ws://127.0.0.1:{_mounted.HttpPort}/chat/ws");
        (await http.GetAsync("/chat/nowhere")).Body.Should().Contain("/chat/ws").And.Contain("/chat/longpoll");
    }

    [Test]
    public async Task Hints_and_cookies_have_the_address_that_a_trusted_proxy_reports()
    {
        using var http = new HttpTestClient(_proxied.HttpPort);
        (string, string)[] proxy = [("X-Forwarded-Host", "its.example"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Prefix", "/team/chat/")];
        (await http.GetAsync("/poll", proxy)).Error.Hint.Should().EndWith("https://its.example/team/chat/session");
        (await http.GetAsync("/team/chat/poll", proxy)).Error.Hint.Should().EndWith("https://its.example/team/chat/session", "the proxy need not remove the path");
        (await http.GetAsync("/ws", proxy)).Body.Should().Contain("wss://its.example/team/chat/ws");
        var start = await http.PostAsync("/session", """{"type":"hello"}""", [.. proxy, ("Origin", "https://its.example"), Json]);
        start.Status.Should().Be(200, start.Body);
        var cookie = start.Headers["Set-Cookie"].Single();
        cookie.Should().StartWith("__Secure-rsc_session_team_chat=").And.Contain("path=/team/chat;").And.Contain("secure");
        (await http.GetAsync("/poll", [.. proxy, ("Cookie", cookie.Split(';')[0])])).Status.Should().Be(200);
        (await http.GetAsync("/poll", ("Cookie", cookie.Split(';')[0]))).Status.Should().Be(401, "it is the cookie of another address");
    }

    [TestCase("//evil.example")]
    [TestCase("/a; path=/")]
    [TestCase("/a\"b")]
    [TestCase("/a b")]
    public async Task Forwarded_prefix_that_is_not_a_path_is_ignored(string prefix)
    {
        using var http = new HttpTestClient(_proxied.HttpPort);
        var start = await http.PostAsync("/session", """{"type":"hello"}""", ("X-Forwarded-Prefix", prefix));
        start.Headers["Set-Cookie"].Single().Should().StartWith("rsc_session=").And.Contain("path=/;");
    }

    [Test]
    public async Task Headers_of_a_proxy_that_is_not_trusted_have_no_effect()
    {
        await using var server = await ServerUnderTest.StartAsync("--Proxies:Trusted:0", "192.0.2.1");
        using var http = new HttpTestClient(server.HttpPort);
        (await http.GetAsync("/poll", ("X-Forwarded-Host", "its.example"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Prefix", "/chat")))
            .Error.Hint.Should().EndWith($"http://127.0.0.1:{server.HttpPort}/session");
    }

    [Test]
    public async Task Server_tells_HTTP_clients_on_the_raw_port_where_the_page_is()
    {
        await using var client = await LineClient.ConnectAsync(_mounted.RawPort);
        await client.SendAsync("GET / HTTP/1.1");
        await client.ExpectLineAsync($"{_mounted.HttpPort} (http), path /chat/");
    }

    [TestCase("chat")]
    [TestCase("/a b")]
    [TestCase("//a")]
    [TestCase("/a;b")]
    public async Task Server_names_a_bad_mount_path_in_one_line(string path)
    {
        var (exitCode, output, error) = await ServerProcess.RunToEndAsync(["--urls", "http://127.0.0.1:0", "--PathBase", path]);
        (exitCode, output).Should().Be((1, ""));
        error.Trim().Split('\n').Should().ContainSingle().Which.Should().Be($"--PathBase: \"{path}\" is not a path; try: --PathBase /chat");
    }

    [Test]
    public async Task Server_prints_the_mount_path_at_the_start()
    {
        await using var server = await ServerProcess.StartAsync("--urls", "http://127.0.0.1:0", "--RawTcp:Port", "0", "--PathBase", "/chat/");
        server.Lines[2].Should().MatchRegex("open http://127.0.0.1:[0-9]+/chat/ in").And.MatchRegex("ws://127.0.0.1:[0-9]+/chat/ws");
    }
}
