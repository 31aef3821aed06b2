using System.Text;
using System.Text.Json.Nodes;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Web;

/// <summary>POST /session: who one is, over plain HTTP.</summary>
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
    public async Task A_program_that_says_hello_gets_a_welcome_with_its_token_and_the_cookie()
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
    public async Task The_cookie_is_for_this_host_and_for_no_script()
    {
        var answer = await _client.PostAsync("""{"type":"hello"}""");
        answer.Cookie!.Name.Should().Be("rsc_session");
        answer.Cookie.Attributes.Should().BeEquivalentTo("path=/", "httponly", "samesite=strict", "max-age=2592000");
    }

    [Test]
    public async Task Over_TLS_the_cookie_is_for_TLS_alone_and_only_this_host_can_set_it()
    {
        await using var server = await ServerUnderTest.StartWithTlsAsync();
        using var client = new SessionClient($"https://127.0.0.1:{server.HttpPort}", server.Certificate);

        var answer = await client.PostAsync("""{"type":"hello"}""", origin: client.Own);
        answer.Cookie!.Name.Should().Be("__Host-rsc_session");
        answer.Cookie.Attributes.Should().BeEquivalentTo("path=/", "httponly", "samesite=strict", "max-age=2592000", "secure");
        (await client.PostAsync("""{"type":"hello"}""", origin: client.Own, cookie: $"__Host-rsc_session={answer.Cookie.Value}")).User.Should().Be(answer.User);
        (await client.PostAsync("""{"type":"hello"}""", origin: client.Own, cookie: $"rsc_session={answer.Cookie.Value}")).User
            .Should().NotBe(answer.User, "that one may have been set over plain HTTP");
    }

    [Test]
    public async Task Behind_a_proxy_that_ends_TLS_a_page_has_the_cookie_of_TLS_everywhere()
    {
        using var client = new SessionClient($"http://127.0.0.1:{_server.HttpPort}", host: "chat.example");
        var answer = await client.PostAsync("""{"type":"hello","name":"prudence"}""", origin: "https://chat.example");
        answer.Cookie!.Name.Should().Be("__Host-rsc_session");
        answer.Cookie.Attributes.Should().Contain("secure");
        var cookie = $"__Host-rsc_session={answer.Cookie.Value}";
        (await client.PostAsync("""{"type":"hello"}""", origin: "https://chat.example", cookie: cookie)).User.Should().Be(answer.User);
        (await client.PostAsync("""{"type":"hello"}""", origin: "https://chat.example", cookie: $"rsc_session={answer.Cookie.Value}")).User
            .Should().NotBe(answer.User, "that one may have been set over plain HTTP");

        await using var page = await ChatClient.ConnectAsync(_server.HttpPort, origin: "https://chat.example", host: "chat.example", headers: [new("Cookie", cookie)]);
        (await page.Inbox.ExpectAsync<WelcomeFrame>()).Should().Match<WelcomeFrame>(welcome => welcome.User == answer.User && welcome.Session == "");
        (await client.PostAsync("""{"type":"hello"}""")).Cookie!.Name.Should().Be("rsc_session", "a program does not say how it came");
    }

    [Test]
    public async Task A_page_gets_its_token_in_the_cookie_alone()
    {
        var answer = await _client.PostAsync("""{"type":"hello","name":"paula"}""", origin: _client.Own);
        answer.Status.Should().Be(200);
        answer.Frame.Should().BeOfType<WelcomeFrame>().Which.Session.Should().BeEmpty();
        answer.Cookie!.Value.Should().NotBeEmpty();
        answer.Body.Should().NotContain(answer.Cookie.Value);

        var again = await _client.PostAsync("""{"type":"hello"}""", origin: _client.Own, cookie: answer.Cookie.Value);
        again.Frame.Should().BeOfType<WelcomeFrame>().Which.Name.Should().Be("paula");
        again.Body.Should().NotContain(answer.Cookie.Value, "a page that is known already has no use for it either");
    }

    [TestCase("cookie")]
    [TestCase("Bearer")]
    [TestCase("bearer")]
    [TestCase("frame")]
    public async Task Who_bears_a_session_is_the_same_person(string how)
    {
        var (token, first) = await BeginAsync();
        var again = how switch
        {
            "cookie" => await _client.PostAsync("""{"type":"hello"}""", cookie: token),
            "frame" => await _client.PostAsync($$"""{"type":"hello","session":"{{token}}"}"""),
            _ => await _client.PostAsync("""{"type":"hello"}""", authorization: $"{how} {token}"),
        };
        var welcome = again.Frame.Should().BeOfType<WelcomeFrame>().Subject;
        (welcome.User, welcome.Name, welcome.Session).Should().Be((first.User, first.Name, token));
        again.Cookie!.Value.Should().Be(token, "the cookie lasts from now on");
    }

    [Test]
    public async Task What_is_asked_for_in_words_counts_more_than_what_comes_along()
    {
        var (token, first) = await BeginAsync();
        var (other, _) = await BeginAsync();
        (await _client.PostAsync("""{"type":"hello"}""", authorization: $"Bearer {token}", cookie: other)).User.Should().Be(first.User);
        (await _client.PostAsync($$"""{"type":"hello","session":"{{token}}"}""", cookie: other)).User.Should().Be(first.User);
    }

    [Test]
    public async Task A_known_person_can_ask_for_another_name()
    {
        var (token, first) = await BeginAsync();
        var renamed = await _client.PostAsync("""{"type":"hello","name":"newname"}""", cookie: token);
        var welcome = renamed.Frame.Should().BeOfType<WelcomeFrame>().Subject;
        (welcome.User, welcome.Name).Should().Be((first.User, "newname"));
    }

    [Test]
    public async Task Whose_session_has_ended_goes_on_as_a_new_guest_without_an_error()
    {
        var answer = await _client.PostAsync("""{"type":"hello","name":"returned"}""", cookie: "a-token-of-last-year");
        answer.Status.Should().Be(200);
        answer.Frame.Should().BeOfType<WelcomeFrame>().Which.Name.Should().Be("returned");
        answer.Cookie!.Value.Should().NotBe("a-token-of-last-year");
    }

    [Test]
    public async Task The_cookie_makes_the_WebSocket_the_same_user()
    {
        var answer = await _client.PostAsync("""{"type":"hello","name":"walter"}""", origin: _client.Own);
        var token = answer.Cookie!.Value;

        await using var page = await ChatClient.ConnectAsync(_server.HttpPort, origin: _client.Own, headers: [new("Cookie", $"rsc_session={token}")]);
        var welcome = await page.Inbox.ExpectAsync<WelcomeFrame>();
        (welcome.User, welcome.Name, welcome.Session).Should().Be((answer.User, "walter", ""));

        await using var program = await ChatClient.ConnectAsync(_server.HttpPort, headers: [new("Authorization", $"Bearer {token}")]);
        var other = await program.Inbox.ExpectAsync<WelcomeFrame>();
        (other.User, other.Session).Should().Be((answer.User, token));
    }

    [Test]
    public async Task The_query_of_a_WebSocket_counts_more_than_the_cookie()
    {
        var (token, first) = await BeginAsync();
        var (other, _) = await BeginAsync();
        await using var program = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?session={token}", headers: [new("Cookie", $"rsc_session={other}")]);
        (await program.Inbox.ExpectAsync<WelcomeFrame>()).User.Should().Be(first.User);
    }

    [TestCase("null")]
    [TestCase("https://friend.example")]
    public async Task The_cookie_never_speaks_for_a_page_of_another_origin(string origin)
    {
        await using var server = await ServerUnderTest.StartAsync("--Origins:Allowed:0", "https://friend.example");
        using var client = new SessionClient($"http://127.0.0.1:{server.HttpPort}");
        var first = await client.PostAsync("""{"type":"hello","name":"owner"}""");
        var token = first.Cookie!.Value;

        var posted = await client.PostAsync("""{"type":"hello"}""", origin, cookie: token);
        posted.Status.Should().Be(200);
        posted.User.Should().NotBe(first.User);
        posted.Cookie.Should().BeNull("such a page must not change who the server's own page is");

        await using var page = await ChatClient.ConnectAsync(server.HttpPort, origin: origin, headers: [new("Cookie", $"rsc_session={token}")]);
        (await page.Inbox.ExpectAsync<WelcomeFrame>()).User.Should().NotBe(first.User);
    }

    [Test]
    public async Task A_foreign_page_is_refused()
    {
        foreach (var origin in (string[])["https://evil.example", $"http://127.0.0.1:{_server.HttpPort + 1}", "http://localhost:1"])
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
    public async Task A_form_of_a_page_cannot_post_here(string? type)
    {
        // Of all pages, so that it does not hang on the rule for origins alone.
        var answer = await _client.PostAsync("""{"type":"hello"}""", origin: _client.Own, type: type);
        answer.ShouldBe(415, ErrorCode.BadFrame);
        answer.Cookie.Should().BeNull();
    }

    [TestCase("text/plain")]
    [TestCase("application/json; charset=utf-8")]
    [TestCase(null)]
    [TestCase("application/x-www-form-urlencoded")]
    [TestCase("nonsense")]
    public async Task A_program_may_call_it_what_it_likes(string? type) =>
        (await _client.PostAsync("""{"type":"hello"}""", type: type)).Status.Should().Be(200);

    [Test]
    public async Task The_answer_bears_the_frames_id()
    {
        var answer = await _client.PostAsync("""{"type":"hello","id":"x-1","name":"<b>"}""");
        JsonNode.Parse(answer.Body)!["id"]!.GetValue<string>().Should().Be("x-1");
    }

    [Test]
    public async Task A_name_in_use_is_a_conflict_and_changes_nothing()
    {
        await using var holder = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=holder");
        await holder.Inbox.ExpectAsync<WelcomeFrame>();
        var (token, first) = await BeginAsync();

        var refused = await _client.PostAsync("""{"type":"hello","name":"holder"}""", cookie: token);
        refused.ShouldBe(409, ErrorCode.NameTaken).Hint.Should().Contain("holder2");
        refused.Cookie.Should().BeNull();
        (await _client.PostAsync("""{"type":"hello"}""", cookie: token)).User.Should().Be(first.User);
    }

    [Test]
    public async Task Whose_name_was_taken_meanwhile_is_still_welcome()
    {
        var begun = await _client.PostAsync("""{"type":"hello","name":"fleeting"}""", origin: _client.Own);
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
    public async Task A_frame_that_is_too_big_is_refused_whether_or_not_it_says_so(bool declared)
    {
        var body = $$"""{"type":"hello","name":"{{new string('a', 65_536)}}"}""";
        (await _client.PostAsync(body, declared: declared)).ShouldBe(413, ErrorCode.TooBig);
    }

    [TestCase("GET")]
    [TestCase("PUT")]
    [TestCase("OPTIONS")]
    public async Task Another_method_is_told_which_one(string method)
    {
        var answer = await _client.SendAsync(new HttpMethod(method), null);
        answer.ShouldBe(405, ErrorCode.BadFrame);
        answer.Header("Allow").Should().Be("POST");
    }

    [Test]
    public async Task A_pages_request_is_a_connection_of_its_own_that_ends_with_it()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var client = new SessionClient($"http://127.0.0.1:{server.HttpPort}");
        for (var i = 0; i < 5; i++)
            (await client.PostAsync("""{"type":"hello","name":"brief"}""", origin: client.Own)).Status.Should().Be(200, "the name is free again");
        server.Connections.Count.Should().Be(0);
    }

    [Test]
    public async Task A_programs_name_is_held_until_it_asks_for_more()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var client = new SessionClient($"http://127.0.0.1:{server.HttpPort}");
        (await client.PostAsync("""{"type":"hello","name":"steady"}""")).Status.Should().Be(200);
        (await client.PostAsync("""{"type":"hello","name":"steady"}""")).ShouldBe(409, ErrorCode.NameTaken);
        server.Connections.Count.Should().Be(1);
    }

    private async Task<(string Token, WelcomeFrame Welcome)> BeginAsync(string? name = null)
    {
        var answer = await _client.PostAsync(name is null ? """{"type":"hello"}""" : $$"""{"type":"hello","name":"{{name}}"}""");
        return (answer.Cookie!.Value, (WelcomeFrame)answer.Frame);
    }
}
