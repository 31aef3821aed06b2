using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Sessions;

/// <summary>Logins with a token of the operator's own site, over real sockets.</summary>
[TestFixture("ws")]
[TestFixture("tcp")]
public sealed class JwtTests(string transport) : AccountFixture(transport)
{
    private static readonly string[] Settings = ["--Auth:Jwt:Key", TestTokens.Key];

    [Test]
    public async Task Tokens_with_the_same_subject_log_in_the_same_user_on_each_device()
    {
        await StartAsync(Settings);
        var (laptop, guest) = await ConnectAsync(null);
        guest.Features.Should().Contain("jwt");
        var first = await laptop.RequestAsync<WelcomeFrame>(Hello("42", "Ann"));
        first.Should().Match<WelcomeFrame>(frame => frame.Name == "Ann" && !frame.Guest && frame.User != guest.User);
        first.Session.Should().HaveLength(64).And.NotBe(guest.Session);
        await laptop.RequestAsync<JoinedFrame>(Join("lobby"));

        var (phone, _) = await ConnectAsync(null);
        var second = await phone.RequestAsync<WelcomeFrame>(Hello("42", "Ann"));
        second.Should().Match<WelcomeFrame>(frame => frame.User == first.User && frame.Name == "Ann" && frame.Session != first.Session);
        second.Rooms.Should().Equal("lobby");
        (await (await ConnectAsync(null)).Peer.RequestAsync<WelcomeFrame>(Hello("43", "Bob"))).User.Should().NotBe(first.User, "another subject is another user");

        var (_, resumed) = await ConnectAsync(null, first.Session);
        resumed.Should().Match<WelcomeFrame>(frame => frame.User == first.User && !frame.Guest, "the session is an ordinary session");
    }

    [Test]
    public async Task Account_survives_a_restart_of_the_server()
    {
        var storage = new MemoryIdentityStore();
        await StartAsync(storage, Settings);
        var (before, _) = await ConnectAsync(null);
        var first = await before.RequestAsync<WelcomeFrame>(Hello("42", "Ann"));
        await before.DisposeAsync();
        await TestWait.UntilAsync(() => Server.Connections.Count == 0, "the end of ann's connection");
        await Server.DisposeAsync();
        await StartAsync(storage, Settings);
        var (peer, resumed) = await ConnectAsync(null, first.Session);
        resumed.Should().Match<WelcomeFrame>(frame => frame.User == first.User && frame.Name == "Ann" && !frame.Guest);
        (await peer.RequestAsync<WelcomeFrame>(Hello("42", "Ann"))).User.Should().Be(first.User);
    }

    [Test]
    public async Task User_whose_name_is_taken_gets_the_name_with_a_number_until_the_name_is_free()
    {
        await StartAsync(Settings);
        await (await ConnectAsync("ann")).Peer.RequestAsync<WelcomeFrame>(Register("ann"));
        var (guest, _) = await ConnectAsync("bob");
        (await LoginAsync("42", "Ann")).Name.Should().Be("Ann2");
        (await LoginAsync("42", "Ann")).Name.Should().Be("Ann2", "the name does not change with each login");
        (await LoginAsync("43", "Ann")).Name.Should().Be("Ann3");
        await LoginAsync("42", "Zoe");
        (await LoginAsync("43", "Ann")).Name.Should().Be("Ann3", "a name with a number is not replaced by the same name with another number");
        var bob = await LoginAsync("44", "Bob");
        bob.Name.Should().Be("Bob2");

        await guest.RequestAsync<AckFrame>(Logout);
        (await LoginAsync("44", "Bob")).Should().Match<WelcomeFrame>(frame => frame.Name == "Bob" && frame.User == bob.User);
    }

    [Test]
    public async Task User_whose_name_changes_at_the_site_is_renamed_on_all_connections()
    {
        await StartAsync(Settings);
        var (ann, _) = await ConnectAsync(null);
        var first = await ann.RequestAsync<WelcomeFrame>(Hello("42", "Ann"));
        await ann.RequestAsync<JoinedFrame>(Join("lobby"));
        var (bob, _) = await ConnectAsync("bob");
        await bob.RequestAsync<JoinedFrame>(Join("lobby"));

        (await LoginAsync("42", "Ann Smith")).Name.Should().Be("Ann-Smith");
        (await bob.Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == "renamed"))
            .Should().Match<PresenceFrame>(presence => presence.User == first.User && presence.Name == "Ann-Smith" && presence.Was == "Ann");
        (await ann.RequestAsync<WelcomeFrame>(Whoami)).Name.Should().Be("Ann-Smith");
        (await LoginAsync("45", "Ann")).Should().Match<WelcomeFrame>(frame => frame.Name == "Ann" && frame.User != first.User, "the old name is free");
    }

    [Test]
    public async Task Session_that_was_away_during_the_rename_resumes_with_the_new_name()
    {
        await StartAsync(Settings);
        var (ann, _) = await ConnectAsync(null);
        var first = await ann.RequestAsync<WelcomeFrame>(Hello("42", "Ann"));
        await ann.DisposeAsync();
        await TestWait.UntilAsync(() => Server.Connections.Count == 0, "the end of ann's connection");
        var (other, _) = await ConnectAsync(null);
        (await other.RequestAsync<WelcomeFrame>(Hello("42", "Anna"))).Name.Should().Be("Anna");
        await other.DisposeAsync();
        await TestWait.UntilAsync(() => Server.Connections.Count == 0, "the end of anna's connection");
        (await ConnectAsync(null, first.Session)).Welcome.Name.Should().Be("Anna");
    }

    [Test]
    public async Task Account_of_the_site_has_no_password()
    {
        await StartAsync(Settings);
        var (ann, _) = await ConnectAsync(null);
        await ann.RequestAsync<WelcomeFrame>(Hello("42", "Ann"));
        (await ann.RequestAsync<ErrorFrame>(new ClientFrame { Type = ClientFrameType.Password, Old = Password, New = Password, Id = NewId() }))
            .Error.Should().Match<ChatError>(error => error.Code == ErrorCode.NotAllowed && error.Text.Contains("no password"));
        (await ann.RequestAsync<ErrorFrame>(Register("other"))).Error.Code.Should().Be(ErrorCode.NotAllowed);

        var (thief, _) = await ConnectAsync(null);
        foreach (var password in (string[])[Password, "AA==", "a"])
            (await thief.RequestAsync<ErrorFrame>(Login("Ann", password))).Error.Code.Should().Be(ErrorCode.BadPassword);
        (await thief.RequestAsync<ErrorFrame>(new ClientFrame { Type = ClientFrameType.Nick, Name = "ann", Id = NewId() })).Error.Code.Should().Be(ErrorCode.NameTaken);
    }

    [Test]
    public async Task Name_of_an_operator_is_not_given_to_a_user_of_the_site()
    {
        await StartAsync([.. Settings, "--Operator:Accounts:0", "boss"]);
        (await LoginAsync("42", "Boss")).Name.Should().Be("Boss2");
    }

    [Test]
    public async Task Client_whose_token_is_rejected_stays_the_same_user()
    {
        await StartAsync(Settings);
        var (ann, guest) = await ConnectAsync("ann");
        var error = (await ann.RequestAsync<ErrorFrame>(Hello("42", "Ann", secondsToExpiry: -600))).Error;
        error.Should().Match<ChatError>(rejected => rejected.Code == ErrorCode.NotAllowed && rejected.Text.EndsWith("it has expired"));
        await ann.SendAsync(error.Hint!);
        (await ann.Inbox.ExpectAsync<WelcomeFrame>()).User.Should().Be(guest.User);
    }

    [Test]
    public async Task Rejected_tokens_count_as_login_attempts_of_the_address()
    {
        await StartAsync([.. Settings, "--Limits:LoginAttemptsPerAddress", "3"]);
        var (ann, _) = await ConnectAsync(null);
        for (var i = 0; i < 10; i++)
            await ann.RequestAsync<WelcomeFrame>(Hello("42", "Ann"));
        for (var i = 0; i < 3; i++)
            (await ann.RequestAsync<ErrorFrame>(Hello("42", "Ann", key: new string('x', 32)))).Error.Code.Should().Be(ErrorCode.NotAllowed);
        (await ann.RequestAsync<ErrorFrame>(Hello("42", "Ann"))).Error.Should().Match<ChatError>(error => error.Code == ErrorCode.RateLimited && error.RetryAfterMs > 0);
        (await ann.RequestAsync<ErrorFrame>(Login("bob", Password))).Error.Code.Should().Be(ErrorCode.RateLimited);
        Time.Advance(TimeSpan.FromSeconds(3));
        await ann.RequestAsync<WelcomeFrame>(Hello("42", "Ann"));
    }

    [Test]
    public async Task Server_without_a_key_does_not_offer_tokens()
    {
        await StartAsync();
        var (ann, guest) = await ConnectAsync(null);
        guest.Features.Should().NotContain("jwt");
        (await ann.RequestAsync<ErrorFrame>(Hello("42", "Ann"))).Error.Code.Should().Be(ErrorCode.NotOffered);
    }

    [Test]
    public async Task Login_is_rejected_while_the_disk_is_full_and_a_later_login_succeeds()
    {
        var storage = new FailingIdentityStore();
        await StartAsync(storage, Settings);
        var (ann, _) = await ConnectAsync(null);
        storage.IsFull = true;
        (await ann.RequestAsync<ErrorFrame>(Hello("42", "Ann"))).Error.Code.Should().Be(ErrorCode.Unavailable);
        storage.IsFull = false;
        (await ann.RequestAsync<WelcomeFrame>(Hello("42", "Ann"))).Name.Should().Be("Ann", "the failed login does not reserve the name");
    }

    [Test]
    public async Task Client_can_log_in_with_its_first_frame_or_with_POST_session()
    {
        await StartAsync(Settings);
        var line = await LineClient.ConnectAsync(Server.RawPort);
        await line.SendAsync(Hello("42", "Ann"));
        var first = await line.Inbox.ExpectAsync<WelcomeFrame>();
        first.Should().Match<WelcomeFrame>(frame => frame.Name == "Ann" && !frame.Guest);
        await line.DisposeAsync();

        using var http = new HttpTestClient(Server.HttpPort);
        var answer = await http.PostAsync("/session", Encode(Hello("42", "Ann")));
        answer.Status.Should().Be(200);
        answer.Headers["Set-Cookie"].Should().ContainSingle();
        ChatCodec.TryReadServer(Encoding.UTF8.GetBytes(answer.Body), out var frame).Should().BeTrue();
        var welcome = frame.Should().BeOfType<WelcomeFrame>().Subject;
        welcome.User.Should().Be(first.User);
        http.Token = welcome.Session;
        (await http.SendAsync("""{"type":"join","room":"lobby"}""")).Answers.Single().Should().BeOfType<JoinedFrame>();

        http.Token = null;
        var rejected = await http.PostAsync("/session", Encode(Hello("42", "Ann", key: new string('x', 32))));
        rejected.ShouldBe(403, ErrorCode.NotAllowed).Text.Should().EndWith("its signature is wrong");
        rejected.Headers["Set-Cookie"].Should().BeEmpty();
    }

    [Test]
    public async Task Token_in_a_query_is_ignored()
    {
        await StartAsync(Settings);
        await using var client = await ChatClient.ConnectAsync(Server.HttpPort, $"/ws?jwt={Hello("42", "Ann").Jwt}");
        (await client.Inbox.ExpectAsync<WelcomeFrame>()).Guest.Should().BeTrue("proxies write the query into their logs");
    }

    [Test]
    public async Task No_log_contains_a_token()
    {
        var log = new RecordedLog(LogLevel.Trace);
        await using var server = await ServerUnderTest.StartAsync(
            services =>
            {
                services.AddLogging(logging => logging.AddProvider(log));
                services.AddSingleton<IIdentityStore>(new FailingIdentityStore { IsFull = true });
            },
            [.. Settings, "--Logging:LogLevel:Default", "Trace"]);
        string[] tokens = [Now("42"), Now("42", key: new string('x', 32)), "a.b.c-not-a-token"];
        await using var client = await ChatClient.ConnectAsync(server.HttpPort);
        using var http = new HttpTestClient(server.HttpPort);
        foreach (var token in tokens)
        {
            await client.RequestAsync<ErrorFrame>(new ClientFrame { Type = ClientFrameType.Hello, Jwt = token, Id = NewId() });
            (await http.PostAsync("/session", Encode(new ClientFrame { Type = ClientFrameType.Hello, Jwt = token }))).Status.Should().BeGreaterThan(400);
        }

        log.Lines.Should().NotBeEmpty().And.NotContain(line => tokens.Any(token => line.Contains(token.Split('.')[2], StringComparison.Ordinal)));
    }

    private static string Now(string subject, string key = TestTokens.Key) => TestTokens.SignHs256(TestTokens.Claims(TimeProvider.System.GetUtcNow(), subject), key);

    private static string Encode(ClientFrame frame) => Encoding.UTF8.GetString(ChatCodec.Encode(frame with { Id = default }));

    private async Task<WelcomeFrame> LoginAsync(string subject, string name) => await (await ConnectAsync(null)).Peer.RequestAsync<WelcomeFrame>(Hello(subject, name));

    private ClientFrame Hello(string subject, string name, int secondsToExpiry = 300, string key = TestTokens.Key)
    {
        var claims = TestTokens.Claims(Time.GetUtcNow(), subject, name);
        claims["exp"] = Time.GetUtcNow().ToUnixTimeSeconds() + secondsToExpiry;
        return new ClientFrame { Type = ClientFrameType.Hello, Jwt = TestTokens.SignHs256(claims, key), Id = NewId() };
    }
}
