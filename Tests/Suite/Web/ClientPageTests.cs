using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Web;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Web;

/// <summary>The response with the page, and the responses to requests for other addresses.</summary>
public sealed class ClientPageTests
{
    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Server_sends_the_page_with_a_policy_that_allows_only_its_own_script()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{server.HttpPort}/"));

        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        policy.Should().Contain("default-src 'none'").And.MatchRegex("script-src 'sha256-[A-Za-z0-9+/=]{44}'").And.MatchRegex("style-src 'sha256-[A-Za-z0-9+/=]{44}'");
        policy.Should().Contain("img-src 'self' data: blob:;").And.Contain("media-src 'self' blob:;");
        policy.Should().NotContain("unsafe");
        response.Content.Headers.ContentType!.ToString().Should().Be("text/html; charset=utf-8");
        response.Headers.GetValues("X-Content-Type-Options").Should().Equal("nosniff");
        (await response.Content.ReadAsStringAsync()).Should().StartWith("<!doctype html>");
    }

    [TestCase("br", "br")]
    [TestCase("gzip", "gzip")]
    [TestCase("gzip, deflate, br, zstd", "br")]
    [TestCase("br;q=0, gzip;q=0.5", "gzip")]
    [TestCase("br;q=0.5, gzip", "gzip")]
    [TestCase("*", "br")]
    [TestCase("identity, *;q=0", null)]
    [TestCase("identity;q=1, gzip;q=0.5", null)]
    [TestCase("identity, gzip;q=0.5", null)]
    [TestCase("Identity;q=1, GZIP;q=0.5", null)]
    [TestCase("gzip;q=0.5, br;q=0.5, *", null)]
    [TestCase("gzip;q=0.5, br;q=0.2, *;q=0.3", "gzip")]
    [TestCase(null, null)]
    public async Task Server_compresses_the_page_with_an_encoding_that_the_client_accepts(string? accepted, string? expected)
    {
        (string, string)[] headers = accepted is null ? [] : [("Accept-Encoding", accepted)];
        using var http = new HttpTestClient(_server.HttpPort);
        using var response = await http.OpenAsync(HttpMethod.Get, "/", null, headers);

        response.Content.Headers.ContentEncoding.Should().Equal(expected is null ? [] : [expected]);
        response.Headers.Vary.Should().Equal("Accept-Encoding");
        response.Headers.CacheControl!.ToString().Should().Contain("no-cache").And.Contain("no-transform");
        response.Headers.ETag!.IsWeak.Should().BeFalse();
        var body = await response.Content.ReadAsStreamAsync();
        // The server adds data about itself to the page. This data has at most 500 bytes.
        var pageLength = new FileInfo(Path.Combine(AppContext.BaseDirectory, "client.html")).Length + 500;
        response.Content.Headers.ContentLength.Should().BeLessThanOrEqualTo(expected is null ? pageLength : pageLength / 2);
        using var reader = new StreamReader(expected switch
        {
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            _ => body,
        });
        (await reader.ReadToEndAsync()).Should().StartWith("<!doctype html>").And.EndWith("</html>\n");
    }

    [Test]
    public async Task Page_has_at_most_110_KB_with_brotli()
    {
        using var http = new HttpTestClient(_server.HttpPort);
        using var response = await http.OpenAsync(HttpMethod.Get, "/", null, ("Accept-Encoding", "br"));

        var length = response.Content.Headers.ContentLength;
        await TestContext.Out.WriteLineAsync($"the page has {length / 1024.0:0.0} KB with brotli");
        length.Should().BeLessThanOrEqualTo(110 * 1024);
    }

    [Test]
    public async Task Sent_page_has_only_the_license_comment_and_the_policy_has_the_hashes_of_the_sent_page()
    {
        using var http = new HttpTestClient(_server.HttpPort);
        var page = await http.GetAsync("/");

        page.Body.Should().Contain("<script>\n/*!\n  RawSocketChat in a browser. License: MIT.").And.NotContain("\n// ").And.NotContain("\n/**");
        foreach (var element in (string[])["script", "style"])
        {
            var content = page.Body.Split($"<{element}>")[1].Split($"</{element}>")[0];
            var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
            page.Headers["Content-Security-Policy"].Single().Should().Contain($"{element}-src 'sha256-{hash}'");
        }
    }

    [TestCase("br")]
    [TestCase("gzip")]
    [TestCase("identity")]
    public async Task Server_answers_304_if_the_client_has_the_page(string encoding)
    {
        using var http = new HttpTestClient(_server.HttpPort);
        var tag = (await http.GetAsync("/", ("Accept-Encoding", encoding))).Headers["ETag"].Single();
        foreach (var condition in (string[])[tag, $"W/{tag}", $"\"other\", {tag}", "*"])
        {
            var answer = await http.GetAsync("/", ("Accept-Encoding", encoding), ("If-None-Match", condition));
            (answer.Status, answer.Body, answer.Headers["ETag"].Single()).Should().Be((304, "", tag));
            answer.Headers["Vary"].Should().Equal("Accept-Encoding");
        }

        (await http.GetAsync("/", ("Accept-Encoding", encoding), ("If-None-Match", "\"other\""))).Status.Should().Be(200);
    }

    [Test]
    public async Task Each_encoding_of_the_page_has_its_own_tag()
    {
        using var http = new HttpTestClient(_server.HttpPort);
        var tags = new List<string>();
        foreach (var encoding in (string[])["br", "gzip", "identity"])
        {
            var head = await http.RequestAsync(HttpMethod.Head, "/", null, ("Accept-Encoding", encoding));
            tags.Add(head.Headers["ETag"].Single());
            tags[^1].Should().Be((await http.GetAsync("/", ("Accept-Encoding", encoding))).Headers["ETag"].Single());
        }

        tags.Should().OnlyHaveUniqueItems();
    }

    [Test]
    public void Policy_contains_the_hash_of_the_content_of_the_script_element()
    {
        // The expected hash is the output of: echo -n 'alert(1)' | openssl dgst -sha256 -binary | base64
        new ClientPage("<style>a{}</style><script>alert(1)</script>").Policy
            .Should().Contain("script-src 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='");
    }

    [Test]
    public async Task Page_can_be_framed_only_by_the_origins_of_the_settings()
    {
        using var http = new HttpTestClient(_server.HttpPort);
        var page = await http.GetAsync("/");
        page.Headers["Content-Security-Policy"].Single().Should().EndWith("frame-ancestors 'none'");
        page.Headers["X-Frame-Options"].Should().Equal("DENY");

        await using var embedded = await ServerUnderTest.StartAsync("--Web:FrameAncestors:0", "https://a.example", "--Web:FrameAncestors:1", "http://b.example:8080");
        using var other = new HttpTestClient(embedded.HttpPort);
        page = await other.GetAsync("/");
        page.Headers["Content-Security-Policy"].Single().Should().EndWith("frame-ancestors https://a.example http://b.example:8080");
        page.Headers["X-Frame-Options"].Should().BeEmpty();
    }

    [Test]
    public async Task Page_contains_the_features_of_its_server_and_every_server_has_the_same_script_policy()
    {
        await using var server = await ServerUnderTest.StartAsync(
            "--Auth:Guests", "false", "--Auth:Register", "false", "--Auth:Oidc:Authority", "https://a.example", "--Auth:Oidc:ClientId", "chat",
            "--Auth:Oidc:DisplayName", "Log in \"here\" & <now>", "--Web:FrameAncestors:0", "https://b.example");
        using var plain = new HttpTestClient(_server.HttpPort);
        using var other = new HttpTestClient(server.HttpPort);
        var page = await other.GetAsync("/");
        page.Body.Should().MatchRegex("<meta name=\"server\" id=\"server\" data-features=\"edit [a-z -]* oidc login-required\" data-login=\"Log in &quot;here&quot; &amp; &lt;now&gt;\" data-frame-ancestors=\"https://b.example\">");
        page.Body.Should().NotContain("register\" data-login");
        var policy = page.Headers["Content-Security-Policy"].Single();
        (await plain.GetAsync("/")).Headers["Content-Security-Policy"].Single().Split(';')[1].Should().Be(policy.Split(';')[1], "the settings are no part of the script");
    }

    [TestCase("<script>1</script>")]
    [TestCase("<style></style><script>1</script><script>2</script>")]
    [TestCase("<style></style><script src=x></script>")]
    public void Page_without_exactly_one_script_and_one_style_is_rejected(string html)
    {
        FluentActions.Invoking(() => new ClientPage(html)).Should().Throw<InvalidDataException>();
    }

    [Test]
    public async Task Server_answers_an_unknown_path_with_a_list_of_the_known_paths()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{server.HttpPort}/chat"));
        ((int)response.StatusCode).Should().Be(404);
        (await response.Content.ReadAsStringAsync()).Should().Contain("/ws");
    }

    [Test]
    public async Task Server_explains_the_WebSocket_address_to_a_browser_that_opens_it()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{server.HttpPort}/ws"));
        ((int)response.StatusCode).Should().Be(426);
        response.Headers.GetValues("Sec-WebSocket-Version").Should().Equal("13");
        response.Headers.Connection.Should().Contain("Upgrade", "RFC 9110, section 7.8, requires it in every response with Upgrade");
        (await response.Content.ReadAsStringAsync()).Should().Contain($"npx wscat -c 'ws://127.0.0.1:{server.HttpPort}/ws'");
    }

    [Test]
    public async Task Server_answers_a_POST_to_the_WebSocket_address_with_405()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var http = new HttpClient();
        using var response = await http.PostAsync(new Uri($"http://127.0.0.1:{server.HttpPort}/ws"), null);
        ((int)response.StatusCode).Should().Be(405);
        response.Content.Headers.Allow.Should().Equal("GET");
    }

    [TestCase("GET", "/chat", 404)]
    [TestCase("GET", "/ws", 426)]
    [TestCase("POST", "/ws", 405)]
    [TestCase("GET", "/poll", 401)]
    [TestCase("GET", "/session", 405)]
    public async Task Error_responses_forbid_caching(string method, string path, int status)
    {
        using var http = new HttpTestClient(_server.HttpPort);
        var answer = await http.RequestAsync(new HttpMethod(method), path, null);
        answer.Status.Should().Be(status);
        answer.Headers["Cache-Control"].Should().Equal("no-store");
    }

    [TestCase("GET", "/ws/", 426)]
    [TestCase("POST", "/session/", 200)]
    [TestCase("POST", "/send/", 401)]
    [TestCase("GET", "/poll/", 401)]
    [TestCase("GET", "/longpoll/", 401)]
    [TestCase("GET", "/events/", 401)]
    [TestCase("GET", "/stream/", 401)]
    [TestCase("GET", "/iframe/", 401)]
    [TestCase("GET", "/chat/", 404)]
    public async Task Address_with_a_trailing_slash_is_the_same_address(string method, string path, int status)
    {
        using var http = new HttpTestClient(_server.HttpPort);
        using var content = new StringContent("""{"type":"hello"}""");
        (await http.RequestAsync(new HttpMethod(method), path, method == "POST" ? content : null)).Status.Should().Be(status);
    }

    [TestCase("/")]
    [TestCase("/?name=rooty")]
    [TestCase("/ws/?name=rooty")]
    public async Task WebSocket_opens_at_the_address_of_the_page_too(string path)
    {
        await using var client = await ChatClient.ConnectAsync(_server.HttpPort, path);
        (await client.Inbox.ExpectAsync<WelcomeFrame>()).Name.Should().StartWith(path == "/" ? "guest-" : "rooty");
    }

    [Test]
    public async Task Request_to_upgrade_to_another_protocol_gets_the_page()
    {
        using var http = new HttpTestClient(_server.HttpPort);
        (await http.GetAsync("/", ("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"))).Body.Should().StartWith("<!doctype html>");
    }
}
