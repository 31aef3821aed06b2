using System.Net.Sockets;
using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using RawSocketChat.Tests.Transports;

namespace RawSocketChat.Tests.Hostile;

/// <summary>Foreign pages, guessed sessions and faulty requests on the HTTP transports.</summary>
public sealed class HostileHttpTests
{
    private static readonly string[] Readers = ["/poll", "/longpoll?wait=0", "/events", "/stream", "/iframe"];

    private ServerUnderTest _server = null!;
    private HttpTestClient _ann = null!;

    [OneTimeSetUp]
    public async Task StartServer()
    {
        _server = await ServerUnderTest.StartAsync();
        _ann = await HttpTestClient.StartSessionAsync(_server.HttpPort, "ann");
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        _ann.Dispose();
        await _server.DisposeAsync();
    }

    [TestCaseSource(nameof(Readers))]
    public async Task Server_rejects_reads_by_a_page_of_another_origin(string path)
    {
        foreach (var origin in new[] { "https://evil.example", "null", $"https://127.0.0.1:{_server.HttpPort + 1}" })
        {
            _ = (await _ann.GetAsync(path, ("Origin", origin))).ShouldBe(403, ErrorCode.NotAllowed);
            var byCookie = await _ann.GetAsync(path, ("Origin", origin), ("Cookie", $"rsc_session={_ann.Token}"));
            byCookie.Status.Should().BeOneOf(401, 403);
        }
    }

    [TestCaseSource(nameof(Readers))]
    public async Task Server_rejects_reads_by_embedded_elements_of_another_site(string path)
    {
        // The GET of an embedded element has no Origin, but it has Sec-Fetch-Site.
        foreach (var site in new[] { "cross-site", "same-site" })
            _ = (await _ann.GetAsync(path, ("Sec-Fetch-Site", site), ("Cookie", $"rsc_session={_ann.Token}"))).ShouldBe(403, ErrorCode.NotAllowed);
    }

    [Test]
    public async Task Page_of_the_server_reads_with_its_cookie_and_never_receives_its_token()
    {
        using var bob = await HttpTestClient.StartSessionAsync(_server.HttpPort, "bob");
        var token = bob.Token!;
        var answer = await bob.GetAsync("/poll", ("Sec-Fetch-Site", "same-origin"), ("Cookie", $"rsc_session={token}"));
        answer.Status.Should().Be(200);

        // If a page has started the session, no frame contains the token, whether it answers a poll, a long-poll or a POST.
        using var page = new HttpTestClient(_server.HttpPort);
        var start = await page.PostAsync("/session", """{"type":"hello"}""", ("Origin", page.OwnOrigin), ("Content-Type", "application/json"));
        var cookie = start.Headers["Set-Cookie"].Single().Split(';')[0];
        foreach (var path in new[] { "/poll", "/longpoll?wait=0" })
        {
            var frames = await page.GetAsync(path, ("Cookie", cookie));
            frames.Frames.OfType<WelcomeFrame>().Should().OnlyContain(welcome => welcome.Session.Length == 0);
        }

        var sent = await page.PostAsync("/send", """{"type":"whoami"}""", ("Origin", page.OwnOrigin), ("Cookie", cookie), ("Content-Type", "application/json"));
        sent.Answers.Should().ContainSingle().Which.Should().BeOfType<WelcomeFrame>().Which.Session.Should().BeEmpty();
        var registered = await page.PostAsync("/send", """{"type":"register","name":"pagekeeper","password":"correct horse"}""", ("Origin", page.OwnOrigin), ("Cookie", cookie), ("Content-Type", "application/json"));
        registered.Answers.Should().ContainSingle().Which.Should().BeOfType<WelcomeFrame>().Which.Session.Should().BeEmpty();
        registered.Headers["Set-Cookie"].Single().Should().Contain("httponly").And.NotContain(cookie);
    }

    [TestCase("text/plain")]
    [TestCase("application/x-www-form-urlencoded")]
    [TestCase("multipart/form-data; boundary=x")]
    public async Task Server_rejects_frames_from_an_HTML_form(string type)
    {
        foreach (var origin in new[] { _ann.OwnOrigin, "https://evil.example" })
        {
            var answer = await _ann.PostAsync("/send", """{"type":"ping"}""", ("Origin", origin), ("Content-Type", type), ("Cookie", $"rsc_session={_ann.Token}"));
            answer.Status.Should().BeOneOf(403, 415);
        }
    }

    [TestCase("/poll")]
    [TestCase("/longpoll?wait=0")]
    [TestCase("/events")]
    [TestCase("/stream")]
    [TestCase("/iframe")]
    public async Task Server_rejects_reads_with_a_guessed_session(string path)
    {
        using var nobody = new HttpTestClient(_server.HttpPort);
        _ = (await nobody.GetAsync(path)).ShouldBe(401, ErrorCode.NotAllowed);
        foreach (var guess in new[] { "x", new string('0', 64), _ann.Token![..^1], _ann.Token + "0", _ann.Token.ToUpperInvariant() })
        {
            _ = (await nobody.GetAsync(path, ("Authorization", $"Bearer {guess}"))).ShouldBe(401, ErrorCode.NotFound);
            _ = (await nobody.GetAsync(path, ("Cookie", $"rsc_session={guess}"))).ShouldBe(401, ErrorCode.NotFound);
        }

        (await nobody.GetAsync(path, ("Authorization", $"Basic {_ann.Token}"))).Status.Should().Be(401);
    }

    [Test]
    public async Task Server_rejects_frames_with_a_guessed_session()
    {
        using var nobody = new HttpTestClient(_server.HttpPort);
        _ = (await nobody.SendAsync("""{"type":"ping"}""")).ShouldBe(401, ErrorCode.NotAllowed);
        nobody.Token = new string('0', 64);
        _ = (await nobody.SendAsync("""{"type":"ping"}""")).ShouldBe(401, ErrorCode.NotFound);
    }

    [TestCase("alert(1)")]
    [TestCase("parent.onFrame;alert")]
    [TestCase("a%3C/script%3E%3Cscript%3Ealert(1)//")]
    [TestCase("%0Aalert")]
    [TestCase("a%5B0%5D")]
    [TestCase("%EF%BD%81")]
    public async Task Server_rejects_a_callback_that_is_not_a_name(string callback) =>
        _ = (await _ann.GetAsync($"/iframe?callback={callback}")).ShouldBe(400, ErrorCode.BadField);

    [Test]
    public async Task Message_text_cannot_end_its_script_element()
    {
        using var mallory = await HttpTestClient.StartSessionAsync(_server.HttpPort, "mallory");
        using var victim = await HttpTestClient.StartSessionAsync(_server.HttpPort, "victim");
        foreach (var asker in new[] { mallory, victim })
            await asker.SendAsync("""{"type":"join","room":"lobby"}""");
        using var iframe = await victim.OpenAsync(HttpMethod.Get, "/iframe");
        await mallory.SendAsync("""{"type":"say","text":"</script><script>alert(1)</script><!--\u2028"}""");
        await mallory.SendAsync("""{"type":"say","text":"the end"}""");
        using var reader = new StreamReader(await iframe.Content.ReadAsStreamAsync());
        var lines = new List<string>();
        while (lines.Count == 0 || !lines[^1].Contains("the end", StringComparison.Ordinal))
            lines.Add((await reader.ReadLineAsync().OrFail("the end"))!);
        var policy = iframe.Headers.GetValues("Content-Security-Policy").Single();
        policy.Should().Contain("default-src 'none'").And.Contain("frame-ancestors 'self'").And.NotContain("unsafe");
        iframe.Headers.GetValues("X-Frame-Options").Should().Equal("SAMEORIGIN");
        var nonce = policy.Split("'nonce-")[1].Split('\'')[0];
        foreach (var line in lines.Where(line => line.Contains("script", StringComparison.Ordinal)))
            line.Should().MatchRegex($"^<script nonce=\"{nonce}\">parent\\.onFrame\\([^<>]*\\)</script>$");
    }

    [Test]
    public async Task Kestrel_rejects_very_long_addresses_and_headers()
    {
        (await _ann.GetAsync($"/poll?after={new string('1', 20_000)}")).Status.Should().Be(414);
        var many = Enumerable.Range(0, 200).Select(i => ($"X-{i}", "x")).ToArray();
        (await _ann.GetAsync("/poll", many)).Status.Should().Be(431);
        (await _ann.GetAsync("/poll", ("X-Long", new string('x', 40_000)))).Status.Should().Be(431);
        (await _ann.GetAsync("/poll")).Status.Should().Be(200, "other requests still work");
    }

    [Test]
    public async Task Slow_request_body_delays_no_other_request()
    {
        using var slow = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await slow.ConnectAsync("127.0.0.1", _server.HttpPort);
        await slow.SendAsync(Encoding.ASCII.GetBytes($"POST /send HTTP/1.1\r\nHost: 127.0.0.1:{_server.HttpPort}\r\nAuthorization: Bearer {_ann.Token}\r\nContent-Length: 1000\r\n\r\n["));
        (await _ann.SendAsync("""{"type":"ping"}""")).Answers.Should().ContainSingle().Which.Should().BeOfType<PongFrame>();
    }
}
