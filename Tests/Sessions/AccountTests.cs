using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Sessions;

/// <summary>Registering, coming back and going, over real sockets. A subclass for each way in.</summary>
public abstract class AccountTests
{
    private const string Password = "my long password";

    private readonly CountingHasher _hasher = new();
    private readonly List<IChatPeer> _peers = [];
    private FakeTimeProvider _time = null!;
    private ServerUnderTest? _server;

    private ServerUnderTest Server => _server!;

    [SetUp]
    public void Reset() => (_time, _server, _hasher.Verified) = (new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 10, 0, 0, TimeSpan.Zero)), null, 0);

    [TearDown]
    public async Task EndAll()
    {
        foreach (var peer in _peers)
            await peer.DisposeAsync();
        _peers.Clear();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    /// <summary>Connects and is greeted, as the named person or as the bearer of the session.</summary>
    protected abstract Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session);

    [Test]
    public async Task Who_registers_stays_the_same_user_and_the_name_is_kept_for_its_owner()
    {
        await StartAsync();
        var (ann, guest) = await ConnectAsync("ann");
        guest.Guest.Should().BeTrue();
        var welcome = await ann.AskAsync<WelcomeFrame>(Register("ann"));
        welcome.Should().Match<WelcomeFrame>(frame => frame.User == guest.User && frame.Name == "ann" && !frame.Guest);
        welcome.Session.Should().HaveLength(64).And.NotBe(guest.Session);
        await ann.DisposeAsync();
        await Patience.UntilAsync(() => Server.Connections.Count == 0, "the server to see ann go");

        var (thief, thiefs) = await ConnectAsync("Ann");
        thiefs.Name.Should().StartWith("guest-");
        var error = (await thief.Inbox.ExpectAsync<ErrorFrame>()).Error;
        error.Code.Should().Be(ErrorCode.NameTaken);
        error.Text.Should().Contain("registered").And.Contain("/login");
        await thief.SendAsync(error.Hint!);
        (await thief.Inbox.ExpectAsync<AckFrame>()).Name.Should().Be("Ann2", "the hint works");

        var (_, back) = await ConnectAsync(null, welcome.Session);
        back.Should().Match<WelcomeFrame>(frame => frame.User == guest.User && frame.Name == "ann" && !frame.Guest);
        var (_, old) = await ConnectAsync(null, guest.Session);
        old.User.Should().NotBe(guest.User, "the guest's token has ended");
    }

    [Test]
    public async Task Registering_another_name_than_ones_own_renames_everywhere()
    {
        await StartAsync();
        var (ann, guest) = await ConnectAsync("ann");
        await ann.AskAsync<JoinedFrame>(Join("lobby"));
        var (device, _) = await ConnectAsync(null, guest.Session);
        await device.AskAsync<JoinedFrame>(Join("lobby"));
        var (bob, _) = await ConnectAsync("bob");
        await bob.AskAsync<JoinedFrame>(Join("lobby"));

        (await ann.AskAsync<WelcomeFrame>(Register("anna"))).Name.Should().Be("anna");
        (await bob.Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == "renamed"))
            .Should().Match<PresenceFrame>(presence => presence.User == guest.User && presence.Name == "anna" && presence.Was == "ann");
        var devices = await device.AskAsync<WelcomeFrame>(Whoami);
        devices.Should().Match<WelcomeFrame>(frame => frame.User == guest.User && frame.Name == "anna" && !frame.Guest);
        (await device.AskAsync<AckFrame>(Say("still here", id: "x"))).Seq.Should().Be(1, "the session's other connections stay");
        (await ConnectAsync("ann")).Welcome.Name.Should().Be("ann", "the name from before is free");
    }

    [Test]
    public async Task A_login_from_another_device_is_the_same_user_with_a_token_of_its_own()
    {
        await StartAsync();
        var (ann, _) = await ConnectAsync("ann");
        var first = await ann.AskAsync<WelcomeFrame>(Register("ann"));
        await ann.AskAsync<JoinedFrame>(Join("lobby"));
        var (bob, _) = await ConnectAsync("bob");
        await bob.AskAsync<JoinedFrame>(Join("lobby"));

        var (phone, guest) = await ConnectAsync("phone");
        await phone.AskAsync<JoinedFrame>(Join("lobby"));
        var second = await phone.AskAsync<WelcomeFrame>(Login("ANN", Password));
        second.Should().Match<WelcomeFrame>(frame => frame.User == first.User && frame.Name == "ann" && !frame.Guest);
        second.Session.Should().NotBe(first.Session).And.NotBe(guest.Session);
        second.Rooms.Should().Equal("lobby");
        (await bob.Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == "left")).User.Should().Be(guest.User);
        (await ConnectAsync("phone")).Welcome.Name.Should().Be("phone", "nobody goes by the guest's name any more");

        await phone.AskAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Nick, Name = "anna", Id = FrameId.From(1) });
        (await ann.AskAsync<WelcomeFrame>(Whoami)).Name.Should().Be("anna", "a user has one name on all devices");
        await phone.AskAsync<AckFrame>(Say("from my phone", id: "x"));
        (await bob.Inbox.ExpectAsync<MessageFrame>()).From.Should().Be(new Person(first.User, "anna"));
    }

    [Test]
    public async Task A_wrong_password_and_an_unknown_name_are_answered_alike_and_cost_alike()
    {
        await StartAsync();
        var (ann, _) = await ConnectAsync("ann");
        await ann.AskAsync<WelcomeFrame>(Register("ann"));
        var (eve, _) = await ConnectAsync("eve");
        var answers = new List<string>();
        foreach (var name in new[] { "ann", "nobody", "no name at all", "\u202Eann", "annа" })
        {
            var before = _hasher.Verified;
            var error = await eve.AskAsync<ErrorFrame>(Login(name, "not my password"));
            error.Error.Code.Should().Be(ErrorCode.BadPassword);
            (_hasher.Verified - before).Should().Be(1, $"a hash was verified for {name}");
            _hasher.LastHash.Should().HaveLength(_hasher.HashPassword(null!, "x").Length, "of the same cost");
            answers.Add(System.Text.Encoding.UTF8.GetString(ChatCodec.Encode(error with { Id = default })));
        }

        answers.Distinct().Should().ContainSingle();
        (await eve.AskAsync<WelcomeFrame>(Whoami)).Name.Should().Be("eve");
    }

    [TestCase("1234567", false)]
    [TestCase("12345678", true)]
    [TestCase("😀😀😀😀", false, Description = "four characters, though eight UTF-16 units")]
    [TestCase("пароль из слов", true)]
    public async Task A_password_has_8_characters_and_is_never_repeated(string password, bool isGood)
    {
        await StartAsync();
        var (ann, _) = await ConnectAsync("ann");
        if (isGood)
        {
            await ann.AskAsync<WelcomeFrame>(Register("ann", password));
            await ann.AskAsync<WelcomeFrame>(Login("ann", password));
            return;
        }

        var error = (await ann.AskAsync<ErrorFrame>(Register("ann", password))).Error;
        error.Code.Should().Be(ErrorCode.BadPassword);
        error.Text.Should().Contain("8 to 256").And.NotContain(password);
        (error.Hint ?? "").Should().NotContain(password);
    }

    [Test]
    public async Task A_password_has_at_most_256_characters()
    {
        await StartAsync();
        var (ann, _) = await ConnectAsync("ann");
        (await ann.AskAsync<ErrorFrame>(Register("ann", new string('x', 257)))).Error.Code.Should().Be(ErrorCode.BadPassword);
        await ann.AskAsync<WelcomeFrame>(Register("ann", new string('x', 256)));
    }

    [Test]
    public async Task What_cannot_be_registered_is_refused_with_its_reason()
    {
        await StartAsync();
        var (ann, _) = await ConnectAsync("ann");
        await ann.AskAsync<WelcomeFrame>(Register("ann"));
        var (bob, _) = await ConnectAsync("bob");
        var (eve, _) = await ConnectAsync("eve");

        (await eve.AskAsync<ErrorFrame>(Register("АNN"))).Error.Code.Should().Be(ErrorCode.BadName, "it mixes alphabets");
        (await eve.AskAsync<ErrorFrame>(Register("ANΝ".Replace('Ν', 'ɴ')))).Error.Code.Should().Be(ErrorCode.NameTaken);
        var taken = (await eve.AskAsync<ErrorFrame>(Register("b0b"))).Error;
        taken.Code.Should().Be(ErrorCode.NameTaken, "who is connected has it");
        taken.Hint.Should().NotContain(Password);
        (await ann.AskAsync<ErrorFrame>(Register("ann"))).Error.Should().Match<ChatError>(error => error.Code == ErrorCode.NotAllowed && error.Hint != null);
        (await ann.AskAsync<ErrorFrame>(Register("other"))).Error.Code.Should().Be(ErrorCode.NotAllowed, "one name is as many as one may have");
        await bob.AskAsync<WelcomeFrame>(Register("bob"));
    }

    [Test]
    public async Task Of_two_who_register_a_name_at_once_one_gets_it()
    {
        await StartAsync();
        var (one, _) = await ConnectAsync("one");
        var (two, _) = await ConnectAsync("two");
        _hasher.Hold();
        await one.SendAsync(Register("same"));
        await Patience.UntilAsync(() => _hasher.IsHeld, "the first one's hash");
        (await two.AskAsync<ErrorFrame>(Register("SAME"))).Error.Code.Should().Be(ErrorCode.NameTaken);
        var (three, _) = await ConnectAsync("sаme".Replace('а', 'á'));
        (await three.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.NameTaken, "nor does anybody go by it meanwhile");
        _hasher.LetGo();
        (await one.Inbox.ExpectAsync<WelcomeFrame>()).Name.Should().Be("same");
    }

    [Test]
    public async Task Many_who_log_in_at_once_wait_in_a_bounded_queue_and_nobody_elses_words_do()
    {
        await StartAsync("--Limits:Enabled", "false");
        var (ann, _) = await ConnectAsync("ann");
        await ann.AskAsync<JoinedFrame>(Join("lobby"));
        _hasher.Hold();
        var crowd = new List<IChatPeer>();
        for (var i = 0; i < 33; i++)
        {
            crowd.Add((await ConnectAsync(null)).Peer);
            await crowd[i].SendAsync(Login("nobody", "wrong password") with { Id = FrameId.From(i) });
        }

        var refused = await Task.WhenAny(crowd.Select(peer => peer.Inbox.ExpectAsync<ErrorFrame>()));
        (await refused).Error.Should().Match<ChatError>(error => error.Code == ErrorCode.RateLimited && error.RetryAfterMs > 0);
        (await ann.AskAsync<AckFrame>(Say("meanwhile", id: "x"))).Seq.Should().Be(1);
        _hasher.LetGo();
        await Patience.UntilAsync(() => crowd.All(peer => peer.Inbox.All.OfType<ErrorFrame>().Any()), "everybody's answer");
        crowd.SelectMany(peer => peer.Inbox.All.OfType<ErrorFrame>()).Count(error => error.Error.Code == ErrorCode.BadPassword).Should().Be(32);
    }

    [Test]
    public async Task Attempts_are_limited_for_each_name_whatever_it_is_dressed_as_and_come_back_with_time()
    {
        await StartAsync("--Limits:LoginAttemptsPerName", "3");
        var (ann, _) = await ConnectAsync("ann");
        await ann.AskAsync<WelcomeFrame>(Register("ann"));
        var (eve, _) = await ConnectAsync("eve");
        for (var i = 0; i < 5; i++)
            await eve.AskAsync<WelcomeFrame>(Login("ann", Password));

        foreach (var name in new[] { "ann", "ANN", "ａnn" })
            (await eve.AskAsync<ErrorFrame>(Login(name, "wrong password"))).Error.Code.Should().Be(ErrorCode.BadPassword);
        var error = (await eve.AskAsync<ErrorFrame>(Login("ánn", Password))).Error;
        error.Should().Match<ChatError>(error => error.Code == ErrorCode.RateLimited && error.RetryAfterMs == 30_000);
        (await eve.AskAsync<ErrorFrame>(Login("other", Password))).Error.Code.Should().Be(ErrorCode.BadPassword, "that is another name");

        _time.Advance(TimeSpan.FromSeconds(30));
        await eve.AskAsync<WelcomeFrame>(Login("ann", Password));
        (await eve.AskAsync<ErrorFrame>(Login("ann", "wrong password"))).Error.Code.Should().Be(ErrorCode.BadPassword, "the right one was not counted");
        (await eve.AskAsync<ErrorFrame>(Login("ann", "wrong password"))).Error.Code.Should().Be(ErrorCode.RateLimited);
    }

    [Test]
    public async Task Attempts_are_limited_for_each_address_over_all_connections_and_registering_is_one()
    {
        await StartAsync("--Limits:LoginAttemptsPerAddress", "3");
        var (one, _) = await ConnectAsync("one");
        var (two, _) = await ConnectAsync("two");
        await one.AskAsync<WelcomeFrame>(Register("one"));
        (await one.AskAsync<ErrorFrame>(Login("a", "wrong password"))).Error.Code.Should().Be(ErrorCode.BadPassword);
        (await two.AskAsync<ErrorFrame>(Login("b", "wrong password"))).Error.Code.Should().Be(ErrorCode.BadPassword);
        (await two.AskAsync<ErrorFrame>(Login("c", "wrong password"))).Error
            .Should().Match<ChatError>(error => error.Code == ErrorCode.RateLimited && error.RetryAfterMs == 3_000);
        (await two.AskAsync<ErrorFrame>(Register("two"))).Error.Code.Should().Be(ErrorCode.RateLimited);
        _time.Advance(TimeSpan.FromSeconds(3));
        await two.AskAsync<WelcomeFrame>(Register("two"));
    }

    [Test]
    public async Task Without_limits_attempts_are_not_counted()
    {
        await StartAsync("--Limits:Enabled", "false", "--Limits:LoginAttemptsPerAddress", "1", "--Limits:LoginAttemptsPerName", "1");
        var (eve, _) = await ConnectAsync("eve");
        for (var i = 0; i < 5; i++)
            (await eve.AskAsync<ErrorFrame>(Login("ann", "wrong password"))).Error.Code.Should().Be(ErrorCode.BadPassword);
    }

    [Test]
    public async Task A_logout_ends_the_token_and_the_other_devices_of_the_session()
    {
        await StartAsync();
        var (ann, _) = await ConnectAsync("ann");
        var welcome = await ann.AskAsync<WelcomeFrame>(Register("ann"));
        var (device, _) = await ConnectAsync(null, welcome.Session);
        var (phone, _) = await ConnectAsync(null);
        await phone.AskAsync<WelcomeFrame>(Login("ann", Password));

        await ann.AskAsync<AckFrame>(Logout);
        (await ann.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 1000 && !bye.Reconnect);
        (await device.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 4501 && !bye.Reconnect);
        (await phone.AskAsync<WelcomeFrame>(Whoami)).User.Should().Be(welcome.User, "another login is another session");

        var (eve, eves) = await ConnectAsync(null, welcome.Session);
        eves.Guest.Should().BeTrue();
        (await eve.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.NotFound);
        await phone.AskAsync<AckFrame>(Logout);
        var (thief, _) = await ConnectAsync("ann");
        (await thief.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.NameTaken, "a registered name stays its owner's");
        (await phone.Inbox.ExpectAsync<ByeFrame>()).Code.Should().Be(1000);
    }

    [Test]
    public async Task A_guest_who_logs_out_leaves_the_name_to_others()
    {
        await StartAsync();
        var (ann, _) = await ConnectAsync("ann");
        await ann.AskAsync<JoinedFrame>(Join("lobby"));
        await ann.AskAsync<AckFrame>(Logout);
        (await ConnectAsync("ann")).Welcome.Name.Should().Be("ann");
    }

    [Test]
    public async Task Tokens_and_names_survive_a_restart_and_nothing_is_said_by_who_is_not_stored()
    {
        var storage = new FailingIdentityStore();
        await StartAsync(storage);
        var (_, guest) = await ConnectAsync("ann");
        var (bob, _) = await ConnectAsync("bob");
        var account = await bob.AskAsync<WelcomeFrame>(Register("bob"));
        storage.IsFull = true;
        var (cid, cids) = await ConnectAsync("cid");
        cids.Name.Should().Be("cid", "a guest is let in");
        await cid.AskAsync<JoinedFrame>(Join("lobby"));
        (await cid.AskAsync<ErrorFrame>(Say("lost?", id: "x"))).Error.Code.Should().Be(ErrorCode.Unavailable);
        (await cid.AskAsync<ErrorFrame>(Register("cid"))).Error.Code.Should().Be(ErrorCode.Unavailable);
        (await cid.AskAsync<ErrorFrame>(Logout)).Error.Code.Should().Be(ErrorCode.Unavailable);
        storage.IsFull = false;
        (await cid.AskAsync<AckFrame>(Say("stored", id: "x"))).Seq.Should().Be(1);
        await cid.AskAsync<WelcomeFrame>(Register("cid"));

        await EndAll();
        await StartAsync(storage);
        (await ConnectAsync(null, guest.Session)).Welcome.Should().Match<WelcomeFrame>(frame => frame.User == guest.User && frame.Name == "ann" && frame.Guest);
        (await ConnectAsync(null, account.Session)).Welcome.Should().Match<WelcomeFrame>(frame => frame.User == account.User && frame.Name == "bob" && !frame.Guest);
        var (eve, _) = await ConnectAsync(null);
        (await eve.AskAsync<WelcomeFrame>(Login("cid", Password))).User.Should().Be(cids.User);
    }

    [Test]
    public async Task The_running_server_forgets_who_is_away_too_long()
    {
        var storage = new FailingIdentityStore();
        await StartAsync(storage, "--Sessions:GuestMinutes", "5");
        var (ann, guest) = await ConnectAsync("ann");
        await ann.DisposeAsync();
        var hash = SessionToken.HashOf(guest.Session);
        await Patience.UntilAsync(() => storage.Saved.Any(saved => saved.TokenHash == hash && saved.AwaySince is not null), "ann to be away");
        _time.Advance(TimeSpan.FromMinutes(5));
        (await storage.FindSessionAsync(hash, default)).Should().NotBeNull();
        await Patience.UntilAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMinutes(1));
                return storage.FindSessionAsync(hash, default).AsTask().Result is null;
            },
            "ann to be forgotten");
    }

    [Test]
    public async Task A_password_of_an_older_hash_is_hashed_anew_by_the_login()
    {
        var storage = new FailingIdentityStore();
        await StartAsync(storage);
        var (ann, _) = await ConnectAsync("ann");
        await ann.AskAsync<WelcomeFrame>(Register("ann"));
        var before = (await storage.LoadAccountsAsync(default))[0].PasswordHash;
        await ann.AskAsync<WelcomeFrame>(Login("ann", Password));
        (await storage.LoadAccountsAsync(default))[0].PasswordHash.Should().Be(before, "it is as new as can be");

        _hasher.IsOutdated = true;
        storage.IsFull = true;
        await ann.AskAsync<WelcomeFrame>(Login("ann", Password));
        storage.IsFull = false;
        await ann.AskAsync<WelcomeFrame>(Login("ann", Password));
        _hasher.IsOutdated = false;
        (await storage.LoadAccountsAsync(default))[0].PasswordHash.Should().NotBe(before);
        await ann.AskAsync<WelcomeFrame>(Login("ann", Password));
    }

    private static ClientFrame Whoami => new() { Type = ClientFrameType.Whoami, Id = NewId() };

    private static ClientFrame Logout => new() { Type = ClientFrameType.Logout, Id = NewId() };

    private static ClientFrame Register(string name, string password = Password) =>
        new() { Type = ClientFrameType.Register, Name = name, Password = password, Id = NewId() };

    private static ClientFrame Login(string name, string password) =>
        new() { Type = ClientFrameType.Login, Name = name, Password = password, Id = NewId() };

    private static FrameId NewId() => FrameId.From($"{Guid.NewGuid():n}");

    private Task StartAsync(params string[] settings) => StartAsync(new MemoryIdentityStore(), settings);

    private async Task StartAsync(IIdentityStore storage, params string[] settings) =>
        _server = await ServerUnderTest.StartAsync(
            services =>
            {
                services.AddSingleton(storage);
                services.AddSingleton<TimeProvider>(_time);
                services.AddSingleton<IPasswordHasher<StoredAccount>>(_hasher);
            },
            settings);

    private async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(string? name, string? session = null)
    {
        var connected = await ConnectAsync(Server, name, session);
        _peers.Add(connected.Peer);
        return connected;
    }
}

public sealed class WebSocketAccountTests : AccountTests
{
    protected override async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session)
    {
        var peer = await ChatClient.ConnectAsync(server.HttpPort, $"/ws?name={Uri.EscapeDataString(name ?? "")}&session={session}");
        return (peer, await peer.Inbox.ExpectAsync<WelcomeFrame>());
    }
}

public sealed class RawTcpAccountTests : AccountTests
{
    protected override async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session)
    {
        var peer = await LineClient.ConnectAsync(server.RawPort);
        await peer.SendAsync(new ClientFrame { Type = ClientFrameType.Hello, Name = name, Session = session });
        return (peer, await peer.Inbox.ExpectAsync<WelcomeFrame>());
    }
}
