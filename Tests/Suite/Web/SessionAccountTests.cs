using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Web;

/// <summary>Registration and login with POST /session, also while the storage fails.</summary>
[Category(Categories.Slow)] // hashes many passwords
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
    public async Task Guest_who_registers_stays_the_same_user_and_gets_a_new_cookie()
    {
        var guest = await _client.PostAsync("""{"type":"hello","name":"ann"}""", origin: _client.OwnOrigin);
        var registered = await RegisterAsync(guest.Cookie!.Value);

        var welcome = registered.Frame.Should().BeOfType<WelcomeFrame>().Subject;
        (welcome.User, welcome.Name, welcome.Guest, welcome.Session).Should().Be((guest.User, "ann", false, ""));
        registered.Cookie!.Value.Should().NotBe(guest.Cookie.Value);
        (await _client.PostAsync("""{"type":"hello"}""", cookie: registered.Cookie.Value)).User.Should().Be(guest.User);
    }

    // If the server did not close the connection, a browser would send its next request over this connection, even after the network has failed.
    [Test]
    public async Task Server_closes_the_connection_after_the_answer_to_a_page_but_not_to_a_program()
    {
        (await _client.PostAsync("""{"type":"hello"}""", origin: _client.OwnOrigin)).Headers["Connection"].Should().Equal("close");
        (await _client.PostAsync("""{"type":"hullo"}""", origin: _client.OwnOrigin)).Headers["Connection"].Should().Equal("close");
        (await _client.PostAsync("""{"type":"hello"}""")).Headers["Connection"].Should().BeEmpty();
        (await _client.PostAsync("""{"type":"hullo"}""")).Headers["Connection"].Should().BeEmpty();
    }

    [Test]
    public async Task Cookie_of_a_login_identifies_the_user_at_the_WebSocket()
    {
        var registered = await RegisterAsync();
        var login = await _client.PostAsync($$"""{"type":"login","id":3,"name":"ann","password":"{{Password}}"}""", origin: _client.OwnOrigin);
        login.Status.Should().Be(200);
        login.User.Should().Be(registered.User);
        login.Body.Should().NotContain(login.Cookie!.Value);

        await using var page = await ChatClient.ConnectAsync(_server.HttpPort, origin: _client.OwnOrigin, headers: [new("Cookie", $"rsc_session={login.Cookie.Value}")]);
        var welcome = await page.Inbox.ExpectAsync<WelcomeFrame>();
        (welcome.User, welcome.Guest, welcome.Session).Should().Be((registered.User, false, ""));
    }

    [Test]
    public async Task Server_never_sends_a_token_on_the_WebSocket_of_a_page_even_after_the_token_has_changed()
    {
        var guest = await _client.PostAsync("""{"type":"hello","name":"ann"}""", origin: _client.OwnOrigin);
        await using var page = await ChatClient.ConnectAsync(_server.HttpPort, origin: _client.OwnOrigin, headers: [new("Cookie", $"rsc_session={guest.Cookie!.Value}")]);
        await page.Inbox.ExpectAsync<WelcomeFrame>();
        await RegisterAsync(guest.Cookie.Value);
        (await page.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Whoami, Id = FrameId.From(1) }))
            .Should().Match<WelcomeFrame>(welcome => welcome.User == guest.User && !welcome.Guest && welcome.Session == "");
    }

    [Test]
    public async Task Wrong_password_gets_401_and_no_cookie()
    {
        await RegisterAsync();
        var refused = await _client.PostAsync("""{"type":"login","name":"ann","password":"not the one"}""");
        refused.ShouldBe(401, ErrorCode.BadPassword);
        refused.Cookie.Should().BeNull();
        refused.Header("WWW-Authenticate").Should().Be("Bearer");
    }

    [Test]
    public async Task Registered_name_gets_409_for_everybody_else()
    {
        await RegisterAsync();
        (await _client.PostAsync("""{"type":"hello","name":"ann"}""")).ShouldBe(409, ErrorCode.NameTaken);
        (await _client.PostAsync($$"""{"type":"register","name":"ann","password":"{{Password}}"}""")).ShouldBe(409, ErrorCode.NameTaken);
    }

    [Test]
    public async Task Too_many_wrong_passwords_get_429_with_Retry_After()
    {
        await RegisterAsync();
        SessionResponse answer;
        var guesses = 0;
        do
            answer = await _client.PostAsync($$"""{"type":"login","name":"ann","password":"guess number {{++guesses}}"}""");
        while (answer.Status == 401 && guesses < 100);

        var error = answer.ShouldBe(429, ErrorCode.RateLimited);
        int.Parse(answer.Header("Retry-After"), CultureInfo.InvariantCulture).Should().Be((error.RetryAfterMs!.Value + 999) / 1000).And.BePositive();
    }

    [Test]
    public async Task Server_does_not_change_the_cookie_if_the_storage_fails()
    {
        var storage = new FailingIdentityStore { FindDelay = Task.FromException(new StorageException("the disk is gone")) };
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<IIdentityStore>(storage));
        using var client = new SessionClient($"http://127.0.0.1:{server.HttpPort}");

        var refused = await client.PostAsync("""{"type":"hello"}""", cookie: "a-token-that-is-not-in-memory");
        refused.ShouldBe(503, ErrorCode.Unavailable);
        refused.Header("Retry-After").Should().Be("1");
        refused.Cookie.Should().BeNull();
    }

    private Task<SessionResponse> RegisterAsync(string? cookie = null) =>
        _client.PostAsync($$"""{"type":"register","name":"ann","password":"{{Password}}"}""", origin: _client.OwnOrigin, cookie: cookie);
}
