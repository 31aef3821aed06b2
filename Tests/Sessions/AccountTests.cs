using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Sessions;

/// <summary>Registering, coming back and going, over real sockets.</summary>
[TestFixture("ws")]
[TestFixture("tcp")]
public sealed class AccountTests(string way) : AccountFixture(way)
{
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
        Hasher.Hold();
        await one.SendAsync(Register("same"));
        await Patience.UntilAsync(() => Hasher.IsHeld, "the first one's hash");
        (await two.AskAsync<ErrorFrame>(Register("SAME"))).Error.Code.Should().Be(ErrorCode.NameTaken);
        var (three, _) = await ConnectAsync("sаme".Replace('а', 'á'));
        (await three.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.NameTaken, "nor does anybody go by it meanwhile");
        Hasher.LetGo();
        (await one.Inbox.ExpectAsync<WelcomeFrame>()).Name.Should().Be("same");
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
    public async Task A_login_beyond_the_most_sessions_ends_the_oldest_and_says_so_to_its_devices()
    {
        await StartAsync("--Sessions:PerAccount", "2");
        var (ann, _) = await ConnectAsync("ann");
        var first = await ann.AskAsync<WelcomeFrame>(Register("ann"));
        var (phone, _) = await ConnectAsync(null);
        await phone.AskAsync<WelcomeFrame>(Login("ann", Password));
        var (tablet, _) = await ConnectAsync(null);
        (await tablet.AskAsync<WelcomeFrame>(Login("ann", Password))).User.Should().Be(first.User);

        (await ann.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 4501 && !bye.Reconnect);
        (await ConnectAsync(null, first.Session)).Welcome.Guest.Should().BeTrue("that token has ended");
        (await phone.AskAsync<WelcomeFrame>(Login("ann", Password))).Guest.Should().BeFalse("of its own earlier session it needs nothing more");
        (await phone.AskAsync<WelcomeFrame>(Whoami)).User.Should().Be(first.User);
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
}
