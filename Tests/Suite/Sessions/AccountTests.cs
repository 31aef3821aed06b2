using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Sessions;

/// <summary>Registration, login and logout over real sockets.</summary>
[TestFixture("ws")]
[TestFixture("tcp")]
public sealed class AccountTests(string transport) : AccountFixture(transport)
{
    [Test]
    public async Task User_keeps_its_id_after_registration_and_nobody_else_can_take_the_name()
    {
        await StartAsync();
        var (ann, guest) = await ConnectAsync("ann");
        guest.Guest.Should().BeTrue();
        var welcome = await ann.RequestAsync<WelcomeFrame>(Register("ann"));
        welcome.Should().Match<WelcomeFrame>(frame => frame.User == guest.User && frame.Name == "ann" && !frame.Guest);
        welcome.Session.Should().HaveLength(64).And.NotBe(guest.Session);
        await ann.DisposeAsync();
        await TestWait.UntilAsync(() => Server.Connections.Count == 0, "the end of ann's connection");

        var (thief, thiefs) = await ConnectAsync("Ann");
        thiefs.Name.Should().StartWith("guest-");
        var error = (await thief.Inbox.ExpectAsync<ErrorFrame>()).Error;
        error.Code.Should().Be(ErrorCode.NameTaken);
        error.Text.Should().Contain("registered").And.Contain("/login");
        await thief.SendAsync(error.Hint!);
        (await thief.Inbox.ExpectAsync<AckFrame>()).Name.Should().Be("Ann2", "the name in the hint is available");

        var (_, back) = await ConnectAsync(null, welcome.Session);
        back.Should().Match<WelcomeFrame>(frame => frame.User == guest.User && frame.Name == "ann" && !frame.Guest);
        var (_, old) = await ConnectAsync(null, guest.Session);
        old.User.Should().NotBe(guest.User, "the guest's token has ended");
    }

    [Test]
    public async Task Registering_a_new_name_renames_the_user_on_all_connections()
    {
        await StartAsync();
        var (ann, guest) = await ConnectAsync("ann");
        await ann.RequestAsync<JoinedFrame>(Join("lobby"));
        var (device, _) = await ConnectAsync(null, guest.Session);
        await device.RequestAsync<JoinedFrame>(Join("lobby"));
        var (bob, _) = await ConnectAsync("bob");
        await bob.RequestAsync<JoinedFrame>(Join("lobby"));

        (await ann.RequestAsync<WelcomeFrame>(Register("anna"))).Name.Should().Be("anna");
        (await bob.Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == "renamed"))
            .Should().Match<PresenceFrame>(presence => presence.User == guest.User && presence.Name == "anna" && presence.Was == "ann");
        var devices = await device.RequestAsync<WelcomeFrame>(Whoami);
        devices.Should().Match<WelcomeFrame>(frame => frame.User == guest.User && frame.Name == "anna" && !frame.Guest);
        (await device.RequestAsync<AckFrame>(Say("still here", id: "x"))).Seq.Should().Be(1, "the session's other connections stay");
        (await ConnectAsync("ann")).Welcome.Name.Should().Be("ann", "the old name is free");
    }

    [Test]
    public async Task Login_on_another_device_continues_the_same_user_with_a_new_token()
    {
        await StartAsync();
        var (ann, _) = await ConnectAsync("ann");
        var first = await ann.RequestAsync<WelcomeFrame>(Register("ann"));
        await ann.RequestAsync<JoinedFrame>(Join("lobby"));
        var (bob, _) = await ConnectAsync("bob");
        await bob.RequestAsync<JoinedFrame>(Join("lobby"));

        var (phone, guest) = await ConnectAsync("phone");
        await phone.RequestAsync<JoinedFrame>(Join("lobby"));
        var second = await phone.RequestAsync<WelcomeFrame>(Login("ANN", Password));
        second.Should().Match<WelcomeFrame>(frame => frame.User == first.User && frame.Name == "ann" && !frame.Guest);
        second.Session.Should().NotBe(first.Session).And.NotBe(guest.Session);
        second.Rooms.Should().Equal("lobby");
        (await bob.Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == "left")).User.Should().Be(guest.User);
        (await ConnectAsync("phone")).Welcome.Name.Should().Be("phone", "nobody uses the guest's name any more");

        await phone.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Nick, Name = "anna", Id = FrameId.From(1) });
        (await ann.RequestAsync<WelcomeFrame>(Whoami)).Name.Should().Be("anna", "a user has one name on all devices");
        await phone.RequestAsync<AckFrame>(Say("from my phone", id: "x"));
        (await bob.Inbox.ExpectAsync<MessageFrame>()).From.Should().Be(new Person(first.User, "anna"));
    }

    [TestCase("1234567", false)]
    [TestCase("12345678", true)]
    [TestCase("😀😀😀😀", false, Description = "four characters in eight UTF-16 code units")]
    [TestCase("пароль из слов", true)]
    public async Task Password_needs_8_characters_and_errors_do_not_contain_the_password(string password, bool isGood)
    {
        await StartAsync();
        var (ann, _) = await ConnectAsync("ann");
        if (isGood)
        {
            await ann.RequestAsync<WelcomeFrame>(Register("ann", password));
            await ann.RequestAsync<WelcomeFrame>(Login("ann", password));
            return;
        }

        var error = (await ann.RequestAsync<ErrorFrame>(Register("ann", password))).Error;
        error.Code.Should().Be(ErrorCode.BadPassword);
        error.Text.Should().Contain("8 to 256").And.NotContain(password);
        (error.Hint ?? "").Should().NotContain(password);
    }

    [Test]
    public async Task Password_has_at_most_256_characters()
    {
        await StartAsync();
        var (ann, _) = await ConnectAsync("ann");
        (await ann.RequestAsync<ErrorFrame>(Register("ann", new string('x', 257)))).Error.Code.Should().Be(ErrorCode.BadPassword);
        await ann.RequestAsync<WelcomeFrame>(Register("ann", new string('x', 256)));
    }

    [Test]
    public async Task Server_rejects_an_invalid_registration_and_gives_the_reason()
    {
        await StartAsync();
        var (ann, _) = await ConnectAsync("ann");
        await ann.RequestAsync<WelcomeFrame>(Register("ann"));
        var (bob, _) = await ConnectAsync("bob");
        var (eve, _) = await ConnectAsync("eve");

        (await eve.RequestAsync<ErrorFrame>(Register("АNN"))).Error.Code.Should().Be(ErrorCode.BadName, "the name mixes alphabets");
        (await eve.RequestAsync<ErrorFrame>(Register("ANΝ".Replace('Ν', 'ɴ')))).Error.Code.Should().Be(ErrorCode.NameTaken);
        var taken = (await eve.RequestAsync<ErrorFrame>(Register("b0b"))).Error;
        taken.Code.Should().Be(ErrorCode.NameTaken, "a connected user has the name");
        taken.Hint.Should().NotContain(Password);
        (await ann.RequestAsync<ErrorFrame>(Register("ann"))).Error.Should().Match<ChatError>(error => error.Code == ErrorCode.NotAllowed && error.Hint != null);
        (await ann.RequestAsync<ErrorFrame>(Register("other"))).Error.Code.Should().Be(ErrorCode.NotAllowed, "a user can register only one name");
        await bob.RequestAsync<WelcomeFrame>(Register("bob"));
    }

    [Test]
    public async Task Only_one_of_two_users_gets_the_name_when_both_register_it_at_the_same_time()
    {
        await StartAsync();
        var (one, _) = await ConnectAsync("one");
        var (two, _) = await ConnectAsync("two");
        Hasher.Hold();
        await one.SendAsync(Register("same"));
        await TestWait.UntilAsync(() => Hasher.IsHeld, "the hash of the first password");
        (await two.RequestAsync<ErrorFrame>(Register("SAME"))).Error.Code.Should().Be(ErrorCode.NameTaken);
        var (three, _) = await ConnectAsync("sаme".Replace('а', 'á'));
        (await three.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.NameTaken, "no guest can use the name while it is being registered");
        Hasher.Release();
        (await one.Inbox.ExpectAsync<WelcomeFrame>()).Name.Should().Be("same");
    }

    [Test]
    public async Task Logout_ends_the_token_and_closes_the_other_connections_of_the_session()
    {
        await StartAsync();
        var (ann, _) = await ConnectAsync("ann");
        var welcome = await ann.RequestAsync<WelcomeFrame>(Register("ann"));
        var (device, _) = await ConnectAsync(null, welcome.Session);
        var (phone, _) = await ConnectAsync(null);
        await phone.RequestAsync<WelcomeFrame>(Login("ann", Password));

        await ann.RequestAsync<AckFrame>(Logout);
        (await ann.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 1000 && !bye.Reconnect);
        (await device.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 4501 && !bye.Reconnect);
        (await phone.RequestAsync<WelcomeFrame>(Whoami)).User.Should().Be(welcome.User, "another login is another session");

        var (eve, eves) = await ConnectAsync(null, welcome.Session);
        eves.Guest.Should().BeTrue();
        (await eve.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.NotFound);
        await phone.RequestAsync<AckFrame>(Logout);
        var (thief, _) = await ConnectAsync("ann");
        (await thief.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.NameTaken, "the owner keeps the registered name");
        (await phone.Inbox.ExpectAsync<ByeFrame>()).Code.Should().Be(1000);
    }

    [Test]
    public async Task Login_beyond_the_maximum_number_of_sessions_ends_the_oldest_session_and_closes_its_connections()
    {
        await StartAsync("--Sessions:PerAccount", "2");
        var (ann, _) = await ConnectAsync("ann");
        var first = await ann.RequestAsync<WelcomeFrame>(Register("ann"));
        var (phone, _) = await ConnectAsync(null);
        await phone.RequestAsync<WelcomeFrame>(Login("ann", Password));
        var (tablet, _) = await ConnectAsync(null);
        (await tablet.RequestAsync<WelcomeFrame>(Login("ann", Password))).User.Should().Be(first.User);

        (await ann.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 4501 && !bye.Reconnect);
        (await ConnectAsync(null, first.Session)).Welcome.Guest.Should().BeTrue("that token has ended");
        (await phone.RequestAsync<WelcomeFrame>(Login("ann", Password))).Guest.Should().BeFalse("a login at the maximum number of sessions may end the earlier session of the same connection");
        (await phone.RequestAsync<WelcomeFrame>(Whoami)).User.Should().Be(first.User);
    }

    [Test]
    public async Task Guest_logout_frees_the_name()
    {
        await StartAsync();
        var (ann, _) = await ConnectAsync("ann");
        await ann.RequestAsync<JoinedFrame>(Join("lobby"));
        await ann.RequestAsync<AckFrame>(Logout);
        (await ConnectAsync("ann")).Welcome.Name.Should().Be("ann");
    }

    [Test]
    public async Task Login_with_a_name_that_only_looks_like_the_registered_name_fails()
    {
        await StartAsync();
        var (peer, _) = await ConnectAsync(null);
        await peer.RequestAsync<WelcomeFrame>(Register("Ναν"));
        (await peer.RequestAsync<ErrorFrame>(Login("Nav", Password))).Error.Code.Should().Be(ErrorCode.BadPassword, "the names look the same, but a login requires the letters of the registered name");
        (await peer.RequestAsync<WelcomeFrame>(Login("ναν", Password))).Name.Should().Be("Ναν");
    }
}
