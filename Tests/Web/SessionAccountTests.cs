using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Web;

/// <summary>POST /session with a password, and while the storage fails.</summary>
public sealed class SessionAccountTests
{
    private const string Password = "correct horse battery";

    private ServerUnderTest _server = null!;
    private SessionClient _client = null!;

    [SetUp]
    public async Task StartServer()
    {
        _server = await ServerUnderTest.StartAsync();
        _client = new SessionClient($"http://127.0.0.1:{_server.HttpPort}");
    }

    [TearDown]
    public async Task StopServer()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task The_guest_of_the_cookie_registers_and_stays_the_same_user_by_a_new_cookie()
    {
        var guest = await _client.PostAsync("""{"type":"hello","name":"ann"}""", origin: _client.Own);
        var kept = await RegisterAsync(guest.Cookie!.Value);

        var welcome = kept.Frame.Should().BeOfType<WelcomeFrame>().Subject;
        (welcome.User, welcome.Name, welcome.Guest, welcome.Session).Should().Be((guest.User, "ann", false, ""));
        kept.Cookie!.Value.Should().NotBe(guest.Cookie.Value);
        (await _client.PostAsync("""{"type":"hello"}""", cookie: kept.Cookie.Value)).User.Should().Be(guest.User);
    }

    // Which a browser would keep, and ask over it again when its page comes back from a line that died under it.
    [Test]
    public async Task A_pages_line_ends_with_the_answer_and_a_programs_goes_on()
    {
        (await _client.PostAsync("""{"type":"hello"}""", origin: _client.Own)).Headers["Connection"].Should().Equal("close");
        (await _client.PostAsync("""{"type":"hullo"}""", origin: _client.Own)).Headers["Connection"].Should().Equal("close");
        (await _client.PostAsync("""{"type":"hello"}""")).Headers["Connection"].Should().BeEmpty();
        (await _client.PostAsync("""{"type":"hullo"}""")).Headers["Connection"].Should().BeEmpty();
    }

    [Test]
    public async Task Who_logs_in_is_known_by_the_cookie_from_then_on_at_the_WebSocket_too()
    {
        var kept = await RegisterAsync();
        var login = await _client.PostAsync($$"""{"type":"login","id":3,"name":"ann","password":"{{Password}}"}""", origin: _client.Own);
        login.Status.Should().Be(200);
        login.User.Should().Be(kept.User);
        login.Body.Should().NotContain(login.Cookie!.Value);

        await using var page = await ChatClient.ConnectAsync(_server.HttpPort, origin: _client.Own, headers: [new("Cookie", $"rsc_session={login.Cookie.Value}")]);
        var welcome = await page.Inbox.ExpectAsync<WelcomeFrame>();
        (welcome.User, welcome.Guest, welcome.Session).Should().Be((kept.User, false, ""));
    }

    [Test]
    public async Task A_token_that_came_after_the_cookie_is_told_to_no_page_either()
    {
        var guest = await _client.PostAsync("""{"type":"hello","name":"ann"}""", origin: _client.Own);
        await using var page = await ChatClient.ConnectAsync(_server.HttpPort, origin: _client.Own, headers: [new("Cookie", $"rsc_session={guest.Cookie!.Value}")]);
        await page.Inbox.ExpectAsync<WelcomeFrame>();
        await RegisterAsync(guest.Cookie.Value);
        (await page.AskAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Whoami, Id = FrameId.From(1) }))
            .Should().Match<WelcomeFrame>(welcome => welcome.User == guest.User && !welcome.Guest && welcome.Session == "");
    }

    [Test]
    public async Task A_wrong_password_is_401_and_sets_no_cookie()
    {
        await RegisterAsync();
        var refused = await _client.PostAsync("""{"type":"login","name":"ann","password":"not the one"}""");
        refused.ShouldBe(401, ErrorCode.BadPassword);
        refused.Cookie.Should().BeNull();
        refused.Header("WWW-Authenticate").Should().Be("Bearer");
    }

    [Test]
    public async Task A_kept_name_is_a_conflict_for_everybody_else()
    {
        await RegisterAsync();
        (await _client.PostAsync("""{"type":"hello","name":"ann"}""")).ShouldBe(409, ErrorCode.NameTaken);
        (await _client.PostAsync($$"""{"type":"register","name":"ann","password":"{{Password}}"}""")).ShouldBe(409, ErrorCode.NameTaken);
    }

    [Test]
    public async Task Who_guesses_too_much_is_told_by_429_when_to_come_back()
    {
        await RegisterAsync();
        SessionAnswer answer;
        var guesses = 0;
        do
            answer = await _client.PostAsync($$"""{"type":"login","name":"ann","password":"guess number {{++guesses}}"}""");
        while (answer.Status == 401 && guesses < 100);

        var error = answer.ShouldBe(429, ErrorCode.RateLimited);
        int.Parse(answer.Header("Retry-After"), CultureInfo.InvariantCulture).Should().Be((error.RetryAfterMs!.Value + 999) / 1000).And.BePositive();
    }

    [Test]
    public async Task Who_cannot_be_looked_up_at_the_moment_keeps_the_cookie()
    {
        var storage = new FailingIdentityStore { Finding = Task.FromException(new StorageException("the disk is gone")) };
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<IIdentityStore>(storage));
        using var client = new SessionClient($"http://127.0.0.1:{server.HttpPort}");

        var refused = await client.PostAsync("""{"type":"hello"}""", cookie: "a-token-that-is-not-in-memory");
        refused.ShouldBe(503, ErrorCode.Unavailable);
        refused.Header("Retry-After").Should().Be("1");
        refused.Cookie.Should().BeNull();
    }

    private Task<SessionAnswer> RegisterAsync(string? cookie = null) =>
        _client.PostAsync($$"""{"type":"register","name":"ann","password":"{{Password}}"}""", origin: _client.Own, cookie: cookie);
}
