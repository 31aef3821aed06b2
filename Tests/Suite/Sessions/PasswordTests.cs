using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Sessions;

/// <summary>The requests that end the other sessions of an account: <c>password</c>, and <c>logout</c> with <c>everywhere</c>.</summary>
[TestFixture("ws")]
[TestFixture("tcp")]
public sealed class PasswordTests(string transport) : AccountFixture(transport)
{
    private const string NewPassword = "a longer password";

    private readonly List<IAsyncDisposable> _devices = [];
    private SessionClient? _sessions;

    [TearDown]
    public async Task DisposeDevices()
    {
        foreach (var device in _devices)
            await device.DisposeAsync();
        _devices.Clear();
        _sessions?.Dispose();
        _sessions = null;
    }

    [Test]
    public async Task New_password_ends_the_other_sessions_on_every_transport_and_keeps_the_current_session()
    {
        var (ann, welcome) = await StartWithAccountAsync();
        var (ownDevice, _) = await ConnectAsync(null, welcome.Session);
        var others = await ConnectOtherSessionsAsync();
        var away = await LogInOverHttpAsync();

        await ann.RequestAsync<AckFrame>(Change(Password, NewPassword));

        foreach (var (device, token) in others)
        {
            (await device.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 4501 && !bye.Reconnect);
            await ShouldBeEndedAsync(token);
        }

        await ShouldBeEndedAsync(away);
        (await ann.RequestAsync<AckFrame>(Say("still here", "s"))).Seq.Should().Be(1);
        (await ownDevice.RequestAsync<WelcomeFrame>(Whoami)).User.Should().Be(welcome.User, "it is a connection of the same session");
        (await ConnectAsync(null, welcome.Session)).Welcome.User.Should().Be(welcome.User, "the token of the current session stays valid");

        var (phone, _) = await ConnectAsync(null);
        (await phone.RequestAsync<ErrorFrame>(Login("ann", Password))).Error.Code.Should().Be(ErrorCode.BadPassword);
        (await phone.RequestAsync<WelcomeFrame>(Login("ann", NewPassword))).User.Should().Be(welcome.User);
    }

    [Test]
    public async Task Wrong_old_password_gets_bad_password_and_changes_nothing()
    {
        var (ann, welcome) = await StartWithAccountAsync();
        var others = await ConnectOtherSessionsAsync();

        var error = (await ann.RequestAsync<ErrorFrame>(Change("not my password", NewPassword))).Error;
        error.Code.Should().Be(ErrorCode.BadPassword);
        $"{error.Text} {error.Hint}".Should().NotContain("not my password").And.NotContain(NewPassword);

        foreach (var (device, _) in others)
            (await device.RequestAsync<WelcomeFrame>(Whoami)).User.Should().Be(welcome.User);
        await ShouldLogInOnlyWithTheFirstPasswordAsync();
    }

    [TestCase(7)]
    [TestCase(257)]
    public async Task Password_that_is_too_short_or_too_long_gets_bad_password_and_changes_nothing(int length)
    {
        var (ann, welcome) = await StartWithAccountAsync();
        var (phone, _) = await ConnectAsync(null);
        await phone.RequestAsync<WelcomeFrame>(Login("ann", Password));

        var error = (await ann.RequestAsync<ErrorFrame>(Change(Password, new string('x', length)))).Error;
        error.Code.Should().Be(ErrorCode.BadPassword);
        error.Text.Should().Contain("8 to 256");

        (await phone.RequestAsync<WelcomeFrame>(Whoami)).User.Should().Be(welcome.User);
        await ShouldLogInOnlyWithTheFirstPasswordAsync(new string('x', length));
    }

    [TestCase(8)]
    [TestCase(256)]
    public async Task Shortest_and_longest_password_are_valid(int length)
    {
        var (ann, welcome) = await StartWithAccountAsync();
        await ann.RequestAsync<AckFrame>(Change(Password, new string('x', length)));
        var (phone, _) = await ConnectAsync(null);
        (await phone.RequestAsync<WelcomeFrame>(Login("ann", new string('x', length)))).User.Should().Be(welcome.User);
    }

    [Test]
    public async Task Attempt_does_not_count_if_the_account_cannot_be_looked_up()
    {
        var storage = new FailingIdentityStore();
        await StartAsync(storage, "--Limits:LoginAttemptsPerName", "1");
        var (ann, _) = await ConnectAsync("ann");
        await ann.RequestAsync<WelcomeFrame>(Register("ann"));

        storage.IsUnreadable = true;
        (await ann.RequestAsync<ErrorFrame>(Change(Password, NewPassword))).Error.Code.Should().Be(ErrorCode.Unavailable);
        storage.IsUnreadable = false;

        await ann.RequestAsync<AckFrame>(Change(Password, NewPassword));
    }

    [Test]
    public async Task Guest_has_no_password_to_change()
    {
        await StartAsync();
        var (guest, welcome) = await ConnectAsync("guest");
        (await guest.RequestAsync<ErrorFrame>(Change(Password, NewPassword))).Error.Code.Should().Be(ErrorCode.NotAllowed);
        (await guest.RequestAsync<WelcomeFrame>(Whoami)).Should().Match<WelcomeFrame>(frame => frame.User == welcome.User && frame.Guest);
    }

    [Test]
    public async Task Wrong_old_passwords_count_as_attempts_to_log_in()
    {
        var (ann, _) = await StartWithAccountAsync("--Limits:LoginAttemptsPerName", "3");
        for (var i = 0; i < 3; i++)
            (await ann.RequestAsync<ErrorFrame>(Change($"guess number {i}", NewPassword))).Error.Code.Should().Be(ErrorCode.BadPassword);
        (await ann.RequestAsync<ErrorFrame>(Change(Password, NewPassword))).Error.Code.Should().Be(ErrorCode.RateLimited, "somebody who has stolen the session must not be able to guess the password");
    }

    [Test]
    public async Task Logout_everywhere_ends_all_sessions_of_the_account_on_every_transport()
    {
        var (ann, welcome) = await StartWithAccountAsync();
        var (ownDevice, _) = await ConnectAsync(null, welcome.Session);
        var others = await ConnectOtherSessionsAsync();
        var away = await LogInOverHttpAsync();
        var (bob, bobs) = await ConnectAsync("bob");

        await ann.RequestAsync<AckFrame>(Logout with { Everywhere = true });

        (await ann.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 1000 && !bye.Reconnect);
        (await ownDevice.Inbox.ExpectAsync<ByeFrame>()).Code.Should().Be(4501);
        await ShouldBeEndedAsync(welcome.Session);
        foreach (var (device, token) in others)
        {
            (await device.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 4501 && !bye.Reconnect);
            await ShouldBeEndedAsync(token);
        }

        await ShouldBeEndedAsync(away);
        (await bob.RequestAsync<WelcomeFrame>(Whoami)).User.Should().Be(bobs.User, "the sessions of other users go on");
        (await bob.RequestAsync<WelcomeFrame>(Login("ann", Password))).User.Should().Be(welcome.User, "the account and its password stay");
    }

    private static ClientFrame Change(string old, string wanted) => new() { Type = ClientFrameType.Password, Old = old, New = wanted, Id = NewId() };

    // Starts the server, and connects ann, who has an account and is in the lobby.
    private async Task<(IChatPeer Ann, WelcomeFrame Welcome)> StartWithAccountAsync(params string[] settings)
    {
        await StartAsync(settings);
        _sessions = new SessionClient($"http://127.0.0.1:{Server.HttpPort}");
        var (ann, _) = await ConnectAsync("ann");
        var welcome = await ann.RequestAsync<WelcomeFrame>(Register("ann"));
        await ann.RequestAsync<JoinedFrame>(Join("lobby"));
        return (ann, welcome);
    }

    // Logs in to ann's account over WebSocket, raw TCP and long-polling. Each login creates a new session.
    private async Task<(IChatPeer Device, string Token)[]> ConnectOtherSessionsAsync()
    {
        IChatPeer page = await ChatClient.ConnectAsync(Server.HttpPort);
        IChatPeer line = await LineClient.ConnectAsync(Server.RawPort);
        var httpToken = await LogInOverHttpAsync();
        var http = await HttpChatPeer.ConnectAsync(Server.HttpPort, HttpTransport.LongPoll, session: httpToken);
        _devices.AddRange([page, line, http]);
        return
        [
            (page, (await page.RequestAsync<WelcomeFrame>(Login("ann", Password))).Session),
            (line, (await line.RequestAsync<WelcomeFrame>(Login("ann", Password))).Session),
            (http, httpToken),
        ];
    }

    private async Task<string> LogInOverHttpAsync()
    {
        var answer = await _sessions!.PostAsync($$"""{"type":"login","name":"ann","password":"{{Password}}"}""");
        return answer.Frame.Should().BeOfType<WelcomeFrame>().Which.Session;
    }

    private async Task ShouldBeEndedAsync(string token)
    {
        using var http = new HttpTestClient(Server.HttpPort, token);
        (await http.PostAsync("/send", """{"type":"whoami"}""")).Status.Should().Be(401);
        var (peer, welcome) = await ConnectAsync(null, token);
        welcome.Guest.Should().BeTrue();
        (await peer.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.NotFound);
    }

    private async Task ShouldLogInOnlyWithTheFirstPasswordAsync(string other = NewPassword)
    {
        var (phone, _) = await ConnectAsync(null);
        (await phone.RequestAsync<ErrorFrame>(Login("ann", other))).Error.Code.Should().Be(ErrorCode.BadPassword);
        (await phone.RequestAsync<WelcomeFrame>(Login("ann", Password))).Name.Should().Be("ann");
    }
}
