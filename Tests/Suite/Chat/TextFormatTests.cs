using CsCheck;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Chat;

/// <summary>Formatting server frames as lines for people.</summary>
public class TextFormatTests
{
    private static readonly Person Ann = new("u1", "ann");
    private static readonly Person Bob = new("u2", "bob");
    private static readonly ReadOnlyMemory<byte> Hi = ChatCodec.Encode(new MessageFrame("lobby", 12, Wire.At, Ann, "hi"));
    private static readonly ReadOnlyMemory<byte> Yo = ChatCodec.Encode(new MessageFrame("lobby", 13, Wire.At, Bob, "yo"));
    private static readonly ReadOnlyMemory<byte> Unknown = Wire.ToBytes("""{"type":"reacted","room":"lobby","seq":14}""");

    private static readonly TestCaseData[] Frames =
    [
        Case(new MessageFrame("lobby", 1, Wire.At, Ann, "hi"), "[10:02:31] #lobby <ann> hi"),
        Case(new MessageFrame("lobby", 1, Wire.At, Ann, "waves", null, true), "[10:02:31] #lobby * ann waves"),
        Case(new MessageFrame("lobby", 1, Wire.At, Ann, "one\ntwo\r\nthree"), "[10:02:31] #lobby <ann> one\n    two\n    three"),
        Case(new MessageFrame("lobby", 1, Wire.At, Ann, "hi", Edited: Wire.At), "[10:02:31] #lobby <ann> hi (edited)"),
        Case(new MessageFrame("lobby", 1, Wire.At, Ann, "waves", Me: true, Edited: Wire.At), "[10:02:31] #lobby * ann waves (edited)"),
        Case(new MessageFrame("lobby", 1, Wire.At, Ann, "hi", Reactions: [new("👍🏽", [Ann, Bob]), new("❤️", [Bob])]), "[10:02:31] #lobby <ann> hi [👍🏽 2, ❤️ 1]"),
        Case(new MessageFrame("lobby", 1, Wire.At, Ann, "hi", Edited: Wire.At, Reactions: [new("👍", [Bob])]), "[10:02:31] #lobby <ann> hi [👍 1] (edited)"),
        Case(new MessageFrame("lobby", 1, Wire.At, Ann, "look", Files: [new("f1", "my cat.png", "image/png", 122_880), new("f2", "猫\u202E", "text/plain", 1_000)], Edited: Wire.At),
            "[10:02:31] #lobby <ann> look [file: my cat.png, 120 KB, /files/f1/my%20cat.png] [file: 猫\uFFFD, 1000 B, /files/f2/%E7%8C%AB%E2%80%AE] (edited)"),
        Case(new MessageFrame("lobby", 1, Wire.At, Ann, "", Files: [new("f1", "a", "x", 1_048_200)]), "[10:02:31] #lobby <ann> [file: a, 1 MB, /files/f1/a]"),
        Case(new MessageFrame("lobby", 1, Wire.At, Ann, "", Files: [new("f1", "a", "x", 9_961_472)]), "[10:02:31] #lobby <ann> [file: a, 9.5 MB, /files/f1/a]"),
        Case(new MessageFrame("lobby", 1, Wire.At, Ann, "", Files: [new("f1", "a", "x", 5_000_000_000_000)]), "[10:02:31] #lobby <ann> [file: a, 4657 GB, /files/f1/a]"),
        Case(new MessageFrame("lobby", 1, Wire.At, Ann, "", Edited: Wire.At, Deleted: true), "[10:02:31] #lobby <ann> (deleted)"),
        Case(new MessageFrame("lobby", 1, Wire.At, Ann, "", Me: true, Deleted: true), "[10:02:31] #lobby * ann (deleted)"),
        Case(new EditedFrame("lobby", 2, Wire.At, Ann, 1, "one\ntwo", ["u2"]), "[10:02:31] #lobby <ann> edited: one\n    two"),
        Case(new DeletedFrame("lobby", 2, Wire.At, Ann, 1), "[10:02:31] -!- ann deleted message 1 of #lobby"),
        Case(new ReactedFrame("lobby", 2, Wire.At, Ann, 1, "👍"), "[10:02:31] -!- ann reacted with 👍 to message 1 of #lobby"),
        Case(new ReactedFrame("lobby", 2, Wire.At, Ann, 1, "👍", true), "[10:02:31] -!- ann removed 👍 from message 1 of #lobby"),
        Case(Moderated("kick", Bob), "[10:02:31] -!- ann removed bob from #lobby"),
        Case(Moderated("kick", Bob, reason: "too\nloud"), "[10:02:31] -!- ann removed bob from #lobby (reason: too\n    loud)"),
        Case(Moderated("ban", Bob, 172_800, "spam"), "[10:02:31] -!- ann banned bob from #lobby for 2 days (reason: spam)"),
        Case(Moderated("ban", Bob, 86_400), "[10:02:31] -!- ann banned bob from #lobby for 1 day"),
        Case(Moderated("ban", Bob), "[10:02:31] -!- ann banned bob from #lobby"),
        Case(Moderated("unban", Bob, reason: "sorry"), "[10:02:31] -!- ann ended the ban of bob in #lobby (reason: sorry)"),
        Case(Moderated("mute", Bob, 7_200), "[10:02:31] -!- ann muted bob in #lobby for 2 h"),
        Case(Moderated("mute", Bob, 90), "[10:02:31] -!- ann muted bob in #lobby for 90 s"),
        Case(Moderated("unmute", Bob), "[10:02:31] -!- ann ended the mute of bob in #lobby"),
        Case(Moderated("role", Bob) with { Role = "moderator" }, "[10:02:31] -!- ann gave bob the role moderator in #lobby"),
        Case(Moderated("slow", null, 60), "[10:02:31] -!- ann set #lobby to slow mode: one message every 1 min"),
        Case(Moderated("slow", null, 0), "[10:02:31] -!- ann ended slow mode in #lobby"),
        Case(Moderated("close", null), "[10:02:31] -!- ann closed #lobby"),
        Case(Moderated("paint", null), "[10:02:31] -!- ann moderated #lobby: paint"),
        Case(new InvitedFrame("den", Ann, Wire.At, "be kind"), "[10:02:31] -!- ann invites you to #den (be kind); try: /join den"),
        Case(new InvitedFrame("den", Ann, Wire.At, ""), "[10:02:31] -!- ann invites you to #den; try: /join den"),
        Case(new TypingFrame("lobby", "u1", "ann"), ""),
        Case(new ReadFrame("lobby", 3, 1, 0), ""),
        Case(new TopicFrame("lobby", 1, Wire.At, Ann, "new"), "[10:02:31] -!- ann set the topic of #lobby: new"),
        Case(new TopicFrame("lobby", 1, Wire.At, Ann, ""), "[10:02:31] -!- ann cleared the topic of #lobby"),
        Case(new PresenceFrame("lobby", "u1", "ann", "joined", At: Wire.At), "[10:02:31] -!- ann joined #lobby"),
        Case(new PresenceFrame("lobby", "u1", "ann", "joined"), "-!- ann joined #lobby"),
        Case(new PresenceFrame("lobby", "u1", "anna", "renamed", "ann", At: Wire.At), "[10:02:31] -!- ann is now called anna"),
        Case(new PresenceFrame("lobby", "u1", "ann", "left", null, 4), "-!- ann left #lobby"),
        Case(new PresenceFrame("lobby", "u1", "ann", "renamed", "anna"), "-!- anna is now called ann"),
        Case(new PresenceFrame("lobby", null, null, "count", null, 120), ""),
        Case(new AckFrame(FrameId.From(1), "lobby", 3, Wire.At), ""),
        Case(new AckFrame(default, Name: "bob"), "-!- you are now called bob"),
        Case(new AckFrame(default, "lobby"), "-!- you left #lobby"),
        Case(new AckFrame(default, "lobby", Topic: "be kind"), "-!- topic of #lobby: be kind"),
        Case(new AckFrame(default, "lobby", Topic: ""), "-!- #lobby has no topic"),
        Case(new AckFrame(FrameId.From(1), "lobby", 3, Wire.At, true), "-!- this message was already posted in #lobby; it is not posted again"),
        Case(new ErrorFrame(default, new(ErrorCode.NoRoom, "no such room \"loby\"", "/join lobby")), "! no such room \"loby\"; try: /join lobby"),
        Case(new ErrorFrame(default, new(ErrorCode.NoRoom, "no such room \"loby\"", """{"type":"join","room":"lobby"}""")), "! no such room \"loby\"; try: /join lobby"),
        Case(new ErrorFrame(default, new(ErrorCode.NoRoom, "x", """{"type":"join","room":"lobby","after":3}""")), """! x; try: {"type":"join","room":"lobby","after":3}"""),
        Case(new ErrorFrame(default, new(ErrorCode.RateLimited, "too fast", null, 1500)), "! too fast (wait 1.5 s)"),
        Case(new ErrorFrame(default, new(ErrorCode.RateLimited, "too many messages; wait 0.2 s", null, 200)), "! too many messages; wait 0.2 s"),
        Case(new ErrorFrame(default, new(ErrorCode.Internal, "sorry")), "! sorry"),
        Case(new JoinedFrame(default, "lobby", "e", 13, "be kind", "member", [Ann, Bob], 2, null, [Hi, Unknown, Yo]),
            "-!- you are in #lobby: 2 here: ann, bob\n-!- topic: be kind\n[10:02:31] #lobby <ann> hi\n[10:02:31] #lobby <bob> yo"),
        Case(new JoinedFrame(default, "lobby", "e", 13, "", "member", [Ann], 120, false, []),
            "-!- you are in #lobby: 120 here: ann and 119 more\n-!- some messages that you missed are no longer available"),
        Case(new JoinedFrame(default, "dm-1", "e", 13, "", "member", [Ann], 1, null, [], 9, true, Bob, 0, 4, 1),
            "-!- you are in #dm-1, your private room with bob\n-!- unread messages: 4; mentions of you: 1"),
        Case(new JoinedFrame(default, "den", "e", 13, "", "member", [Ann], 1, null, [Hi], 9, true, null, 10, 4),
            "-!- you are in #den (private): 1 here: ann\n-!- slow mode: one message every 10 s\n-!- unread messages: 4\n[10:02:31] #lobby <ann> hi"),
        Case(new HistoryFrame(default, "lobby", [Hi, Unknown, ChatCodec.Encode(new DeletedFrame("lobby", 15, Wire.At, Ann, 12))], true),
            "12 [10:02:31] #lobby <ann> hi\n15 [10:02:31] -!- ann deleted message 12 of #lobby\n-!- there are more messages: /before 12 or /after 15"),
        Case(new HistoryFrame(default, "lobby", [Hi, Yo], false), "12 [10:02:31] #lobby <ann> hi\n13 [10:02:31] #lobby <bob> yo"),
        Case(new HistoryFrame(default, "lobby", [Hi, Yo], true),
            "12 [10:02:31] #lobby <ann> hi\n13 [10:02:31] #lobby <bob> yo\n-!- there are more messages: /before 12 or /after 13"),
        Case(new HistoryFrame(default, "lobby", [], false), "-!- #lobby: no messages found"),
        Case(new ResultsFrame(default, "x", []), "-!- no messages found"),
        Case(new ResultsFrame(default, "hi before:2026-11-01 \"lost keys\"", [ChatCodec.Encode(new MessageFrame("lobby", 12, Wire.At, Ann, "oh hi", Snippet: new("oh hi", [new(3, 2)]))), Hi, Unknown], 456),
            "12 [2026-11-23 10:02:31] #lobby <ann> oh *hi*\n12 [2026-11-23 10:02:31] #lobby <ann> hi\n-!- there may be older messages: /search hi \"lost keys\" before:456"),
        Case(new RoomsFrame(default, [new("lobby", "be kind", 3), new("den", "", 12)]),
            "-!- rooms and their number of members:\n    #lobby     3  be kind\n    #den      12"),
        Case(new RoomsFrame(default, []), "-!- no rooms found; to create one, type: /create garden"),
        Case(new WhoFrame(default, "lobby", [Ann, Bob], 2), "-!- #lobby: 2 here: ann, bob"),
        Case(new WhoFrame(default, "lobby", [Ann], 1, [Bob with { Role = "owner" }]), "-!- #lobby: 1 here: ann; away: bob (owner)"),
        Case(new WelcomeFrame(default, "t0k", "u1", "ann", true, "chat", Wire.At, new(1, 1, 1, 1), ["lobby", "den"]),
            "[10:02:31] -!- you are ann (a guest) on chat\n-!- your rooms: #lobby, #den\n"
            + "-!- /help lists the commands, /join lobby joins a room; any other line is a message\n-!- to come back as ann: /session t0k"),
        Case(new WelcomeFrame(default, "t0k", "u1", "guest-1", true, "chat", Wire.At, new(1, 1, 1, 1), [], ["register", "login-required"]),
            "[10:02:31] -!- you are guest-1 (a guest) on chat\n-!- this server has no guests; to log in, type: /login NAME PASSWORD, to create an account: /register NAME PASSWORD"),
        Case(new WelcomeFrame(default, "t0k", "u1", "guest-1", true, "chat", Wire.At, new(1, 1, 1, 1), [], ["login-required"]),
            "[10:02:31] -!- you are guest-1 (a guest) on chat\n-!- this server has no guests; to log in, type: /login NAME PASSWORD"),
        Case(new PongFrame(default, Wire.At), "[10:02:31] -!- pong"),
        Case(new WireFrame(Wire.At), ""),
        Case(new GapFrame("lobby", 12, 40), "-!- #lobby: messages 12 to 40 are not available"),
        Case(new LagFrame(5, 9), "-!- you read too slowly: 5 bytes wait for you; the limit is 9"),
        Case(new ByeFrame(4503, "kicked by bob", false), "-!- bye: kicked by bob"),
        Case(new ByeFrame(4001, "restarting", true), "-!- bye: restarting (you can reconnect)"),
        Case(new ByeFrame(4001, "restarting", true, 2000), "-!- bye: restarting (you can reconnect in 2 s)"),
        Case(Help.CreateFrame(default, "topic"), "-!- usage:\n    /topic [text]  shows the topic of the current room, or sets it; /topic - clears it\n    for example: /topic new topic"),
    ];

    private static ModeratedFrame Moderated(string action, Person? user, long? seconds = null, string? reason = null) =>
        new("lobby", 2, Wire.At, Ann, action, user, Seconds: seconds, Reason: reason);

    private static TestCaseData Case(ServerFrame frame, string text) => new(frame, text);

    [TestCaseSource(nameof(Frames))]
    public void Frame_is_formatted_for_people(ServerFrame frame, string text) => TextFormat.Format(frame).Should().Be(text);

    [TestCaseSource(nameof(Frames))]
    public void Encoded_frame_is_formatted_like_the_frame(ServerFrame frame, string text) => TextFormat.Format(ChatCodec.Encode(frame)).Should().Be(text);

    [Test]
    public void Help_frame_is_formatted_as_a_table()
    {
        var lines = TextFormat.Format(Help.CreateFrame(default, null)).Split('\n');
        lines.Should().HaveCount(Commands.All.Length + 1);
        lines[0].Should().Be("-!- a line without a command is a message to the current room; the commands are:");
        lines.Should().ContainSingle(line => line.StartsWith("    /join room  ", StringComparison.Ordinal));
        TextFormat.Format(Help.CreateFrame(default, "frobnicate")).Should().StartWith("-!- there is no command /frobnicate; the commands are:\n");
    }

    [Test]
    public void Invalid_and_unknown_frames_show_nothing()
    {
        TextFormat.Format(Unknown.Span).Should().BeEmpty();
        TextFormat.Format("hi"u8).Should().BeEmpty();
    }

    // The arguments are the text of a message, and the formatted text.
    [TestCase("a\u001b[2Jb", "a\uFFFD[2Jb")]
    [TestCase("a\u009b2Jb", "a\uFFFD2Jb")]
    [TestCase("a\bb\u007fc\0d\ae", "a\uFFFDb\uFFFDc\uFFFDd\uFFFDe")]
    [TestCase("a\tb", "a    b")]
    [TestCase("a\u202eb\u202ac\u2066d\u2069", "a\uFFFDb\uFFFDc\uFFFDd\uFFFD")]
    [TestCase("x\n[10:02:31] #lobby <bob> I quit", "x\n    [10:02:31] #lobby <bob> I quit")]
    [TestCase("x\r[10:02:31] #lobby <bob> I quit", "x\n    [10:02:31] #lobby <bob> I quit")]
    [TestCase("x\u2028y\u2029z\u0085", "x\n    y\n    z\uFFFD")]
    public void Message_cannot_forge_a_line_or_move_the_cursor(string text, string shown) =>
        TextFormat.Format(new MessageFrame("lobby", 1, Wire.At, Ann, text)).Should().Be("[10:02:31] #lobby <ann> " + shown);

    // An attribute cannot contain half a surrogate pair, so this case is a separate test.
    [Test]
    public void Half_a_character_is_replaced_and_a_complete_one_is_kept() =>
        TextFormat.Format(new MessageFrame("lobby", 1, Wire.At, Ann, "👍 \ud83d.\udc4d\n")).Should().Be("[10:02:31] #lobby <ann> 👍 \uFFFD.\uFFFD\n    ");

    [Test]
    public void Text_of_other_users_cannot_forge_a_line_or_contain_control_characters()
    {
        const string evil = "x\n-!- z\r\u001b[1m\u202e\u0007";
        var person = new Person(evil, evil);
        ServerFrame[] frames =
        [
            new MessageFrame(evil, 1, Wire.At, person, evil), new MessageFrame(evil, 1, Wire.At, person, evil, null, true),
            new MessageFrame(evil, 1, Wire.At, person, evil, Edited: Wire.At, Reactions: [new(evil, [person])]),
            new EditedFrame(evil, 1, Wire.At, person, 1, evil), new DeletedFrame(evil, 1, Wire.At, person, 1), new ReactedFrame(evil, 1, Wire.At, person, 1, evil),
            new ReactedFrame(evil, 1, Wire.At, person, 1, evil, true), new InvitedFrame(evil, person, Wire.At, evil), new AckFrame(default, evil, Topic: evil),
            .. new[] { "kick", "ban", "unban", "mute", "unmute", "role", "slow", "close", evil }
                .Select(action => new ModeratedFrame(evil, 1, Wire.At, person, action, person, evil, 1, evil)),
            new JoinedFrame(default, evil, evil, 1, evil, evil, [person], 1, null, [], With: person),
            new TopicFrame(evil, 1, Wire.At, person, evil), new PresenceFrame(evil, evil, evil, "joined"), new PresenceFrame(evil, evil, evil, "left"),
            new PresenceFrame(evil, evil, evil, "renamed", evil), new ErrorFrame(default, new(evil, evil, evil)), new AckFrame(default, evil, 1, null, true),
            new JoinedFrame(default, evil, evil, 1, evil, evil, [person], 1, false, [ChatCodec.Encode(new MessageFrame(evil, 1, Wire.At, person, evil))]),
            new HistoryFrame(default, evil, [], false), new ResultsFrame(default, evil, [ChatCodec.Encode(new MessageFrame(evil, 1, Wire.At, person, evil, Snippet: new(evil, [new(0, 1)])))], 1), new RoomsFrame(default, [new(evil, evil, 1)]), new WhoFrame(default, evil, [person], 1, [person with { Role = evil }]),
            new WelcomeFrame(default, evil, evil, evil, true, evil, Wire.At, new(1, 1, 1, 1), [evil]), new GapFrame(evil, 1, 2),
            new TokensFrame(default, evil, evil, [new(evil, Wire.At)], evil, evil), new TokensFrame(default, evil, evil, [new(evil, Wire.At)], evil),
            new WebhookFrame(default, evil, evil, [new(1, Wire.At, 1, evil)], evil, evil, 1, new(evil, Wire.At, Wire.At)), new WebhookFrame(default, "remove", evil, []),
            new ByeFrame(4001, evil, true), new HelpFrame(default, evil, [new(evil, evil, evil, evil)]),
        ];
        foreach (var frame in frames)
        {
            var text = TextFormat.Format(frame);
            text.Should().NotBeEmpty();
            text.Should().NotContainAny("\r", "\u001b", "\u202e", "\u0007").And.NotContain("\n-!- z");
        }
    }

    [Test]
    public void Lines_of_a_message_after_the_first_one_are_indented()
    {
        Gen.String.Sample(said =>
        {
            var lines = TextFormat.Format(new MessageFrame("lobby", 1, Wire.At, Ann, said)).Split('\n');
            lines.Skip(1).All(line => line.StartsWith("    ", StringComparison.Ordinal)).Should().BeTrue();
            lines.Any(line => line.Any(char.IsControl)).Should().BeFalse();
        });
    }
}
