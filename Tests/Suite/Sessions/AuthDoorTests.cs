using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Sessions;

/// <summary>A server without guests (<c>Auth:Guests false</c>), and one without registration (<c>Auth:Register false</c>).</summary>
public sealed class AuthDoorTests
{
    private const string Password = "my long password";

    private ServerUnderTest _server = null!;
    private ServerUnderTest _closed = null!;

    [OneTimeSetUp]
    public async Task StartServers()
    {
        _server = await ServerUnderTest.StartAsync("--Auth:Guests", "false");
        _closed = await ServerUnderTest.StartAsync("--Auth:Guests", "false", "--Auth:Register", "false", "--Auth:Jwt:Key", TestTokens.Key);
    }

    [OneTimeTearDown]
    public async Task StopServers()
    {
        await _server.DisposeAsync();
        await _closed.DisposeAsync();
    }

    [Test]
    public async Task Welcome_says_that_a_login_is_required()
    {
        await using var client = await ChatClient.ConnectAsync(_server.HttpPort);
        var welcome = await client.Inbox.ExpectAsync<WelcomeFrame>();
        welcome.Should().Match<WelcomeFrame>(frame => frame.Guest && frame.Rooms.Count == 0);
        welcome.Features.Should().Contain("login-required").And.Contain("register");
        await client.RequestAsync<PongFrame>(new ClientFrame { Type = ClientFrameType.Ping, Id = FrameId.From(1) });
        client.Inbox.All.OfType<ErrorFrame>().Should().BeEmpty("the client asked for nothing");
    }

    [Test]
    public async Task Guest_gets_an_error_with_a_hint_for_each_request_that_needs_a_login()
    {
        await using var client = await ChatClient.ConnectAsync(_server.HttpPort);
        await client.Inbox.ExpectAsync<WelcomeFrame>();
        string[] lines =
        [
            "hi all", "/join lobby", "/create garden", "/rooms", "/who lobby", "/history lobby", "/dm bob hi", "/nick ann", "/topic x", "/invite bob lobby", "/password a b",
            """{"type":"hello","name":"ann"}""", """{"type":"typing","room":"lobby"}""", """{"type":"search","query":"x"}""",
        ];
        foreach (var line in lines)
        {
            await client.SendAsync(line);
            var error = (await client.Inbox.ExpectAsync<ErrorFrame>()).Error;
            error.Code.Should().Be(ErrorCode.NotAllowed, line);
            error.Text.Should().Be(line[0] == '{'
                ? "this server has no guests; log in or register first"
                : "this server has no guests; log in with /login NAME PASSWORD, or create an account with /register NAME PASSWORD");
            error.Hint.Should().Be(line[0] == '{' ? """{"type":"login","name":"ann","password":"my long password"}""" : "/login ann my long password");
        }

        await client.SendAsync("/help");
        await client.Inbox.ExpectAsync<HelpFrame>();
        await client.SendAsync("/whoami");
        await client.Inbox.ExpectAsync<WelcomeFrame>();
        await client.SendAsync("""{"type":"hello"}""");
        await client.Inbox.ExpectAsync<WelcomeFrame>();
    }

    [Test]
    public async Task Guest_with_a_name_and_a_room_in_the_query_gets_an_error_and_nobody_sees_the_guest()
    {
        var (member, _) = await RegisterAsync("watcher");
        await member.RequestAsync<JoinedFrame>(Join("lobby"));
        await using var client = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann&room=lobby");
        var welcome = await client.Inbox.ExpectAsync<WelcomeFrame>();
        welcome.Name.Should().StartWith("guest-", "the server gives the wanted name only to a client that has logged in");
        (await client.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.NotAllowed);

        (await member.RequestAsync<WhoFrame>(new ClientFrame { Type = ClientFrameType.Who, Room = "lobby", Id = FrameId.From(2) })).Members.Should().NotContain(person => person.User == welcome.User);
        (await member.RequestAsync<ErrorFrame>(new ClientFrame { Type = ClientFrameType.Dm, To = welcome.Name, Text = "hi", Id = FrameId.From(3) })).Error.Code.Should().Be(ErrorCode.NotFound);
        member.Inbox.All.OfType<PresenceFrame>().Should().BeEmpty();
        client.Inbox.All.OfType<JoinedFrame>().Should().BeEmpty();
        await member.DisposeAsync();
    }

    [Test]
    public async Task Guest_can_register_and_then_log_in_from_another_connection()
    {
        var (first, registered) = await RegisterAsync("carol");
        (await first.RequestAsync<JoinedFrame>(Join("lobby"))).Room.Should().Be("lobby");
        await first.DisposeAsync();

        await using var second = await ChatClient.ConnectAsync(_server.HttpPort);
        var welcome = await second.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Login, Name = "carol", Password = Password, Id = FrameId.From(1) });
        welcome.User.Should().Be(registered.User);
        await second.RequestAsync<JoinedFrame>(Join("lobby"));

        await using var third = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?session={welcome.Session}&room=lobby");
        (await third.Inbox.ExpectAsync<JoinedFrame>()).Room.Should().Be("lobby", "a session of an account needs no login");
    }

    [Test]
    public async Task Raw_TCP_answers_the_first_line_of_a_guest_with_a_welcome_and_the_error()
    {
        await using var client = await LineClient.ConnectAsync(_server.RawPort);
        await client.SendAsync("hi all");
        await client.ExpectLineAsync("! this server has no guests; log in with /login NAME PASSWORD, or create an account with /register NAME PASSWORD; try: /login ann my long password");

        await using var program = await LineClient.ConnectAsync(_server.RawPort);
        await program.SendAsync(new ClientFrame { Type = ClientFrameType.Hello, Name = "ann", Id = FrameId.From(1) });
        (await program.Inbox.ExpectAsync<WelcomeFrame>()).Should().Match<WelcomeFrame>(frame => frame.Guest && frame.Id.IsNone);
        (await program.Inbox.ExpectAsync<ErrorFrame>()).Should().Match<ErrorFrame>(frame => frame.Error.Code == ErrorCode.NotAllowed && !frame.Id.IsNone);
        (await program.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Register, Name = "dave", Password = Password, Id = FrameId.From(2) })).Guest.Should().BeFalse();
        await program.RequestAsync<JoinedFrame>(Join("lobby"));
    }

    [TestCase("""{"type":"hello"}""")]
    [TestCase("""{"type":"hello","name":"ann"}""")]
    [TestCase("""{"type":"hello","session":"0000000000000000000000000000000000000000000000000000000000000000"}""")]
    public async Task POST_session_without_an_account_starts_no_session(string body)
    {
        using var http = new HttpTestClient(_server.HttpPort);
        var answer = await http.PostAsync("/session", body);
        answer.ShouldBe(403, ErrorCode.NotAllowed).Hint.Should().Be("""{"type":"login","name":"ann","password":"my long password"}""");
        answer.Headers["Set-Cookie"].Should().BeEmpty();
    }

    [Test]
    public async Task HTTP_request_with_the_token_of_a_guest_session_can_only_log_in_or_register()
    {
        await using var client = await ChatClient.ConnectAsync(_server.HttpPort);
        var guest = await client.Inbox.ExpectAsync<WelcomeFrame>();
        using var http = new HttpTestClient(_server.HttpPort, guest.Session);
        (await http.PostAsync("/session", """{"type":"hello"}""")).ShouldBe(403, ErrorCode.NotAllowed);
        (await http.SendAsync("""{"type":"join","room":"lobby"}""")).Answers.Single().Should().BeOfType<ErrorFrame>().Which.Error.Code.Should().Be(ErrorCode.NotAllowed);
        (await http.SendAsync("""{"type":"register","name":"erin","password":"my long password"}""")).Answers.Single().Should().BeOfType<WelcomeFrame>().Which.Guest.Should().BeFalse();
    }

    [Test]
    public async Task Server_without_registration_does_not_offer_the_register_command()
    {
        await using var client = await ChatClient.ConnectAsync(_closed.HttpPort);
        (await client.Inbox.ExpectAsync<WelcomeFrame>()).Features.Should().NotContain("register");
        (await client.RequestAsync<ErrorFrame>(new ClientFrame { Type = ClientFrameType.Register, Name = "ann", Password = Password, Id = FrameId.From(1) })).Error.Code.Should().Be(ErrorCode.NotOffered);
        (await client.RequestAsync<HelpFrame>(new ClientFrame { Type = ClientFrameType.Help, Id = FrameId.From(2) })).Commands.Select(entry => entry.Command)
            .Should().NotContain("register").And.Contain("login");
        await client.SendAsync("hi");
        (await client.Inbox.ExpectAsync<ErrorFrame>()).Error.Text.Should().Be("this server has no guests; log in with /login NAME PASSWORD");
        using var http = new HttpTestClient(_closed.HttpPort);
        (await http.PostAsync("/session", """{"type":"register","name":"ann","password":"my long password"}""")).ShouldBe(400, ErrorCode.NotOffered);
    }

    [Test]
    public async Task User_with_a_token_of_the_site_can_use_a_server_without_guests_and_registration()
    {
        await using var client = await ChatClient.ConnectAsync(_closed.HttpPort);
        await client.Inbox.ExpectAsync<WelcomeFrame>();
        var bad = new ClientFrame { Type = ClientFrameType.Hello, Jwt = "a.b.c", Id = FrameId.From(1) };
        (await client.RequestAsync<ErrorFrame>(bad)).Error.Hint.Should().Be("""{"type":"login","name":"ann","password":"my long password"}""");
        var good = bad with { Jwt = TestTokens.SignHs256(TestTokens.Claims(TimeProvider.System.GetUtcNow())), Id = FrameId.From(2) };
        (await client.RequestAsync<WelcomeFrame>(good)).Guest.Should().BeFalse();
        await client.RequestAsync<JoinedFrame>(Join("lobby"));
    }

    private async Task<(ChatClient Client, WelcomeFrame Welcome)> RegisterAsync(string name)
    {
        var client = await ChatClient.ConnectAsync(_server.HttpPort);
        return (client, await client.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Register, Name = name, Password = Password, Id = FrameId.From(0) }));
    }
}
