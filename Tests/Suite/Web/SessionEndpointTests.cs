using System.Text;
using System.Text.Json.Nodes;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Web;

/// <summary>POST /session identifies the user over HTTP.</summary>
public sealed class SessionEndpointTests
{
    private ServerUnderTest _server = null!;
    private SessionClient _client = null!;

    [OneTimeSetUp]
    public async Task StartServer()
    {
        _server = await ServerUnderTest.StartAsync();
        _client = new SessionClient($"http://127.0.0.1:{_server.HttpPort}");
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Program_gets_a_welcome_with_its_token_and_a_cookie()
    {
        var answer = await _client.PostAsync("""{"type":"hello","id":7,"name":"prog"}""");

        answer.Status.Should().Be(200);
        answer.Header("Content-Type").Should().Be("application/json");
        answer.Header("Cache-Control").Should().Be("no-store");
        var welcome = answer.Frame.Should().BeOfType<WelcomeFrame>().Subject;
        (welcome.Id.ToString(), welcome.Name, welcome.Guest).Should().Be(("7", "prog", true));
        welcome.Session.Should().NotBeEmpty();
        answer.Cookie!.Value.Should().Be(welcome.Session);
    }

    [Test]
    public async Task Cookie_is_for_this_host_only_and_hidden_from_scripts()
    {
        var answer = await _client.PostAsync("""{"type":"hello"}""");
        answer.Cookie!.Name.Should().Be("rsc_session");
        answer.Cookie.Attributes.Should().BeEquivalentTo("path=/", "httponly", "samesite=strict", "max-age=2592000");
    }

    [Test]
    public async Task Cookie_over_TLS_is_for_TLS_only_and_has_the_host_prefix()
    {
        await using var server = await ServerUnderTest.StartWithTlsAsync();
        using var client = new SessionClient($"https://127.0.0.1:{server.HttpPort}", server.Certificate);

        var answer = await client.PostAsync("""{"type":"hello"}""", origin: client.OwnOrigin);
        answer.Cookie!.Name.Should().Be("__Host-rsc_session");
        answer.Cookie.Attributes.Should().BeEquivalentTo("path=/", "httponly", "samesite=strict", "max-age=2592000", "secure");
        (await client.PostAsync("""{"type":"hello"}""", origin: client.OwnOrigin, cookie: $"__Host-rsc_session={answer.Cookie.Value}")).User.Should().Be(answer.User);
        (await client.PostAsync("""{"type":"hello"}""", origin: client.OwnOrigin, cookie: $"rsc_session={answer.Cookie.Value}")).User
            .Should().NotBe(answer.User, "a page without TLS may have set that cookie");
    }

    [Test]
    public async Task Page_behind_a_TLS_proxy_gets_the_cookie_for_TLS()
    {
        using var client = new SessionClient($"http://127.0.0.1:{_server.HttpPort}", host: "chat.example");
        var answer = await client.PostAsync("""{"type":"hello","name":"prudence"}""", origin: "https://chat.example");
        answer.Cookie!.Name.Should().Be("__Host-rsc_session");
        answer.Cookie.Attributes.Should().Contain("secure");
        var cookie = $"__Host-rsc_session={answer.Cookie.Value}";
        (await client.PostAsync("""{"type":"hello"}""", origin: "https://chat.example", cookie: cookie)).User.Should().Be(answer.User);
        (await client.PostAsync("""{"type":"hello"}""", origin: "https://chat.example", cookie: $"rsc_session={answer.Cookie.Value}")).User
            .Should().NotBe(answer.User, "a page without TLS may have set that cookie");

        await using var page = await ChatClient.ConnectAsync(_server.HttpPort, origin: "https://chat.example", host: "chat.example", headers: [new("Cookie", cookie)]);
        (await page.Inbox.ExpectAsync<WelcomeFrame>()).Should().Match<WelcomeFrame>(welcome => welcome.User == answer.User && welcome.Session == "");
        (await client.PostAsync("""{"type":"hello"}""")).Cookie!.Name.Should().Be("rsc_session", "a program does not send an origin, so the server cannot detect that the program uses TLS");
    }

    [Test]
    public async Task Page_gets_its_token_in_the_cookie_only()
    {
        var answer = await _client.PostAsync("""{"type":"hello","name":"paula"}""", origin: _client.OwnOrigin);
        answer.Status.Should().Be(200);
        answer.Frame.Should().BeOfType<WelcomeFrame>().Which.Session.Should().BeEmpty();
        answer.Cookie!.Value.Should().NotBeEmpty();
        answer.Body.Should().NotContain(answer.Cookie.Value);

        var again = await _client.PostAsync("""{"type":"hello"}""", origin: _client.OwnOrigin, cookie: answer.Cookie.Value);
        again.Frame.Should().BeOfType<WelcomeFrame>().Which.Name.Should().Be("paula");
        again.Body.Should().NotContain(answer.Cookie.Value, "a page never gets the token in the body");
    }

    [TestCase("cookie")]
    [TestCase("Bearer")]
    [TestCase("bearer")]
    [TestCase("frame")]
    public async Task Server_accepts_the_session_token_in_each_part_of_the_request_that_may_contain_it(string how)
    {
        var (token, first) = await StartSessionAsync();
        var again = how switch
        {
            "cookie" => await _client.PostAsync("""{"type":"hello"}""", cookie: token),
            "frame" => await _client.PostAsync($$"""{"type":"hello","session":"{{token}}"}"""),
            _ => await _client.PostAsync("""{"type":"hello"}""", authorization: $"{how} {token}"),
        };
        var welcome = again.Frame.Should().BeOfType<WelcomeFrame>().Subject;
        (welcome.User, welcome.Name, welcome.Session).Should().Be((first.User, first.Name, token));
        again.Cookie!.Value.Should().Be(token, "the server renews the cookie");
    }

    [Test]
    public async Task Explicit_token_has_priority_over_the_cookie()
    {
        var (token, first) = await StartSessionAsync();
        var (other, _) = await StartSessionAsync();
        (await _client.PostAsync("""{"type":"hello"}""", authorization: $"Bearer {token}", cookie: other)).User.Should().Be(first.User);
        (await _client.PostAsync($$"""{"type":"hello","session":"{{token}}"}""", cookie: other)).User.Should().Be(first.User);
    }

    [TestCase("Bearer the-proxys-own-token")]
    [TestCase("Bearer ")]
    [TestCase("Basic cHJveHk6c2VjcmV0")]
    public async Task Authorization_header_of_a_proxy_does_not_hide_the_cookie(string authorization)
    {
        var (token, first) = await StartSessionAsync();
        (string, string)[] headers = [("Authorization", authorization), ("Cookie", $"rsc_session={token}")];
        using var http = new HttpTestClient(_server.HttpPort);

        var resumed = await _client.PostAsync("""{"type":"hello"}""", _client.OwnOrigin, cookie: token, authorization: authorization);
        (resumed.User, resumed.Cookie!.Value).Should().Be((first.User, token));
        (await http.GetAsync("/poll", headers)).Status.Should().Be(200);
        (await http.PostAsync("/send", "/whoami", headers)).Answers.Single().Should().BeOfType<WelcomeFrame>().Which.User.Should().Be(first.User);

        await using var page = await ChatClient.ConnectAsync(
            _server.HttpPort, origin: _client.OwnOrigin, headers: [.. headers.Select(header => KeyValuePair.Create(header.Item1, header.Item2))]);
        (await page.Inbox.ExpectAsync<WelcomeFrame>()).Should().Match<WelcomeFrame>(welcome => welcome.User == first.User && welcome.Session == "");
    }

    [Test]
    public async Task Client_with_the_Bearer_token_of_an_ended_session_gets_bye_even_if_its_cookie_is_unknown()
    {
        using var http = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        (await http.SendAsync("/logout")).Answers.Single().Should().BeOfType<AckFrame>();
        var poll = await http.GetAsync("/poll", ("Authorization", $"Bearer {http.Token}"), ("Cookie", "rsc_session=a-token-of-last-year"));
        poll.Frames.Should().ContainSingle(frame => frame is ByeFrame);
    }

    [TestCase("/ws")]
    [TestCase("/ws?name=pia")]
    [TestCase("/ws?session={token}")]
    public async Task Page_never_gets_a_token_over_its_WebSocket(string path)
    {
        var (token, _) = await StartSessionAsync();
        await using var page = await ChatClient.ConnectAsync(_server.HttpPort, path.Replace("{token}", token, StringComparison.Ordinal), origin: _client.OwnOrigin);
        (await page.Inbox.ExpectAsync<WelcomeFrame>()).Session.Should().BeEmpty();
        await page.SendAsync("""{"type":"whoami"}""");
        (await page.Inbox.ExpectAsync<WelcomeFrame>()).Session.Should().BeEmpty();
    }

    [Test]
    public async Task Page_whose_browser_keeps_no_cookies_can_ask_for_its_token()
    {
        await using var page = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?cookie=none", origin: _client.OwnOrigin);
        var welcome = await page.Inbox.ExpectAsync<WelcomeFrame>();
        welcome.Session.Should().NotBeEmpty();

        await using var other = await ChatClient.ConnectAsync(
            _server.HttpPort, "/ws?cookie=none", origin: _client.OwnOrigin, headers: [new("Cookie", $"rsc_session={welcome.Session}")]);
        (await other.Inbox.ExpectAsync<WelcomeFrame>()).Should().Match<WelcomeFrame>(
            seen => seen.User == welcome.User && seen.Session == "", "the browser has sent a cookie");
    }

    [TestCase("/poll")]
    [TestCase("/events")]
    public async Task Page_that_continues_the_session_of_a_program_gets_no_token(string path)
    {
        var (token, first) = await StartSessionAsync();
        using var http = new HttpTestClient(_server.HttpPort);
        using var response = await http.OpenAsync(HttpMethod.Get, path, null, ("Cookie", $"rsc_session={token}"));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var received = "";
        while (!received.Contains("welcome", StringComparison.Ordinal))
            received += await reader.ReadLineAsync().OrFail("the welcome") ?? throw new AssertionException($"no welcome: {received}");
        received.Should().Contain(first.User).And.NotContain(token);
    }

    [Test]
    public async Task Page_with_a_Bearer_header_gets_no_token_in_an_answer()
    {
        var (token, first) = await StartSessionAsync();
        using var http = new HttpTestClient(_server.HttpPort, token);
        var answer = await http.PostAsync("/send", """{"type":"whoami"}""", ("Origin", http.OwnOrigin), ("Content-Type", "application/json"));
        answer.Answers.Single().Should().BeOfType<WelcomeFrame>().Which.User.Should().Be(first.User);
        answer.Body.Should().NotContain(token);
    }

    [TestCase("""{"name":"hanna"}""", """{"type":"hello","name":"hanna"}""")]
    [TestCase("""{"type":"nick","name":"hanna"}""", """{"type":"hello","name":"hanna"}""")]
    [TestCase("""{"type":5}""", """{"type":"hello","name":"ann"}""")]
    [TestCase("""{"type":"say","text":"hi"}""", """{"type":"hello","name":"ann"}""")]
    [TestCase("""{"type":"hello",""", """{"type":"hello","name":"ann"}""")]
    [TestCase("""{"name":"not a name"}""", """{"type":"hello","name":"ann"}""")]
    public async Task Hint_of_an_error_is_a_frame_that_starts_a_session(string body, string hint)
    {
        var answer = await _client.PostAsync(body);
        answer.Status.Should().Be(400);
        answer.Frame.Should().BeOfType<ErrorFrame>().Which.Error.Hint.Should().Be(hint);
    }

    [Test]
    public async Task Hint_for_a_taken_name_starts_a_session_with_another_name()
    {
        await _client.PostAsync("""{"type":"hello","name":"hilda"}""");
        var hint = (await _client.PostAsync("""{"type":"hello","name":"hilda"}""")).ShouldBe(409, ErrorCode.NameTaken).Hint!;
        (await _client.PostAsync(hint)).Frame.Should().BeOfType<WelcomeFrame>().Which.Name.Should().StartWith("hilda").And.NotBe("hilda");
    }

    [Test]
    public async Task User_of_a_session_can_change_the_name()
    {
        var (token, first) = await StartSessionAsync();
        var renamed = await _client.PostAsync("""{"type":"hello","name":"newname"}""", cookie: token);
        var welcome = renamed.Frame.Should().BeOfType<WelcomeFrame>().Subject;
        (welcome.User, welcome.Name).Should().Be((first.User, "newname"));
    }

    [Test]
    public async Task User_of_an_ended_session_becomes_a_new_guest_without_an_error()
    {
        var answer = await _client.PostAsync("""{"type":"hello","name":"returned"}""", cookie: "a-token-of-last-year");
        answer.Status.Should().Be(200);
        answer.Frame.Should().BeOfType<WelcomeFrame>().Which.Name.Should().Be("returned");
        answer.Cookie!.Value.Should().NotBe("a-token-of-last-year");
    }

    [Test]
    public async Task Cookie_identifies_the_user_at_the_WebSocket()
    {
        var answer = await _client.PostAsync("""{"type":"hello","name":"walter"}""", origin: _client.OwnOrigin);
        var token = answer.Cookie!.Value;

        await using var page = await ChatClient.ConnectAsync(_server.HttpPort, origin: _client.OwnOrigin, headers: [new("Cookie", $"rsc_session={token}")]);
        var welcome = await page.Inbox.ExpectAsync<WelcomeFrame>();
        (welcome.User, welcome.Name, welcome.Session).Should().Be((answer.User, "walter", ""));

        await using var program = await ChatClient.ConnectAsync(_server.HttpPort, headers: [new("Authorization", $"Bearer {token}")]);
        var other = await program.Inbox.ExpectAsync<WelcomeFrame>();
        (other.User, other.Session).Should().Be((answer.User, token));
    }

    [Test]
    public async Task Token_in_the_query_of_a_WebSocket_has_priority_over_the_cookie()
    {
        var (token, first) = await StartSessionAsync();
        var (other, _) = await StartSessionAsync();
        await using var program = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?session={token}", headers: [new("Cookie", $"rsc_session={other}")]);
        (await program.Inbox.ExpectAsync<WelcomeFrame>()).User.Should().Be(first.User);
    }

    [TestCase("null")]
    [TestCase("https://friend.example")]
    public async Task Cookie_does_not_identify_a_page_of_another_origin(string origin)
    {
        await using var server = await ServerUnderTest.StartAsync("--Origins:Allowed:0", "https://friend.example", "--Origins:FromDisk", "true");
        using var client = new SessionClient($"http://127.0.0.1:{server.HttpPort}");
        var first = await client.PostAsync("""{"type":"hello","name":"owner"}""");
        var token = first.Cookie!.Value;

        var posted = await client.PostAsync("""{"type":"hello"}""", origin, cookie: token);
        posted.Status.Should().Be(200);
        posted.User.Should().NotBe(first.User);
        posted.Cookie.Should().BeNull("such a page must not change the user of the server's own page");

        await using var page = await ChatClient.ConnectAsync(server.HttpPort, origin: origin, headers: [new("Cookie", $"rsc_session={token}")]);
        (await page.Inbox.ExpectAsync<WelcomeFrame>()).User.Should().NotBe(first.User);
    }

    [Test]
    public async Task Server_rejects_a_page_of_another_origin()
    {
        foreach (var origin in (string[])["https://evil.example", $"http://127.0.0.1:{_server.HttpPort + 1}", "http://localhost:1", "null"])
        {
            var answer = await _client.PostAsync("""{"type":"hello"}""", origin);
            answer.ShouldBe(403, ErrorCode.NotAllowed);
            answer.Cookie.Should().BeNull();
        }
    }

    [TestCase("text/plain")]
    [TestCase("application/x-www-form-urlencoded")]
    [TestCase("multipart/form-data")]
    [TestCase(null)]
    public async Task Server_rejects_a_form_from_a_page(string? type)
    {
        // The origin is allowed, so the content type alone must be the reason.
        var answer = await _client.PostAsync("""{"type":"hello"}""", origin: _client.OwnOrigin, type: type);
        answer.ShouldBe(415, ErrorCode.BadFrame);
        answer.Cookie.Should().BeNull();
    }

    [TestCase("text/plain")]
    [TestCase("application/json; charset=utf-8")]
    [TestCase(null)]
    [TestCase("application/x-www-form-urlencoded")]
    [TestCase("nonsense")]
    public async Task Server_accepts_any_content_type_from_a_program(string? type) =>
        (await _client.PostAsync("""{"type":"hello"}""", type: type)).Status.Should().Be(200);

    [Test]
    public async Task Answer_has_the_id_of_the_frame()
    {
        var answer = await _client.PostAsync("""{"type":"hello","id":"x-1","name":"<b>"}""");
        JsonNode.Parse(answer.Body)!["id"]!.GetValue<string>().Should().Be("x-1");
    }

    [Test]
    public async Task Name_in_use_gets_409_and_changes_nothing()
    {
        await using var holder = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=holder");
        await holder.Inbox.ExpectAsync<WelcomeFrame>();
        var (token, first) = await StartSessionAsync();

        var refused = await _client.PostAsync("""{"type":"hello","name":"holder"}""", cookie: token);
        refused.ShouldBe(409, ErrorCode.NameTaken).Hint.Should().Contain("holder2");
        refused.Cookie.Should().BeNull();
        (await _client.PostAsync("""{"type":"hello"}""", cookie: token)).User.Should().Be(first.User);
    }

    [Test]
    public async Task User_whose_name_was_taken_gets_another_name()
    {
        var begun = await _client.PostAsync("""{"type":"hello","name":"fleeting"}""", origin: _client.OwnOrigin);
        var (token, first) = (begun.Cookie!.Value, (WelcomeFrame)begun.Frame);
        await using var taker = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=fleeting");
        await taker.Inbox.ExpectAsync<WelcomeFrame>(welcome => welcome.Name == "fleeting");

        var again = await _client.PostAsync("""{"type":"hello"}""", cookie: token);
        again.Status.Should().Be(200);
        var welcome = again.Frame.Should().BeOfType<WelcomeFrame>().Subject;
        welcome.User.Should().Be(first.User);
        welcome.Name.Should().NotBe("fleeting");
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Server_rejects_a_frame_that_is_too_big_whether_or_not_its_length_is_declared(bool hasContentLength)
    {
        var body = $$"""{"type":"hello","name":"{{new string('a', 65_536)}}"}""";
        (await _client.PostAsync(body, hasContentLength: hasContentLength)).ShouldBe(413, ErrorCode.TooBig);
    }

    [TestCase("GET")]
    [TestCase("PUT")]
    public async Task Server_answers_other_methods_with_405_and_Allow(string method)
    {
        var answer = await _client.SendAsync(new HttpMethod(method), null);
        answer.ShouldBe(405, ErrorCode.BadFrame);
        answer.Header("Allow").Should().Be("POST");
    }

    [Test]
    public async Task Request_of_a_page_reserves_no_name()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var client = new SessionClient($"http://127.0.0.1:{server.HttpPort}");
        for (var i = 0; i < 5; i++)
            (await client.PostAsync("""{"type":"hello","name":"brief"}""", origin: client.OwnOrigin)).Status.Should().Be(200, "the name is free again");
        server.Connections.Count.Should().Be(0);
    }

    [Test]
    public async Task Request_of_a_program_reserves_the_name_for_the_next_request()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var client = new SessionClient($"http://127.0.0.1:{server.HttpPort}");
        (await client.PostAsync("""{"type":"hello","name":"steady"}""")).Status.Should().Be(200);
        (await client.PostAsync("""{"type":"hello","name":"steady"}""")).ShouldBe(409, ErrorCode.NameTaken);
        server.Connections.Count.Should().Be(1);
    }

    private async Task<(string Token, WelcomeFrame Welcome)> StartSessionAsync(string? name = null)
    {
        var answer = await _client.PostAsync(name is null ? """{"type":"hello"}""" : $$"""{"type":"hello","name":"{{name}}"}""");
        return (answer.Cookie!.Value, (WelcomeFrame)answer.Frame);
    }
}
