using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Chat;

/// <summary>Reading the lines that people type, and formatting frames as such lines.</summary>
public class CommandLineTests
{
    private static readonly TestCaseData[] Lines =
    [
        Line("hi all", new() { Type = ClientFrameType.Say, Text = "hi all" }),
        Line("  hi ", new() { Type = ClientFrameType.Say, Text = "  hi " }),
        Line("hi\r", new() { Type = ClientFrameType.Say, Text = "hi" }),
        Line("join lobby", new() { Type = ClientFrameType.Say, Text = "join lobby" }),
        Line("[1]", new() { Type = ClientFrameType.Say, Text = "[1]" }),
        Line("//join lobby", new() { Type = ClientFrameType.Say, Text = "/join lobby" }),
        Line("/home/ann/notes please look", new() { Type = ClientFrameType.Say, Text = "/home/ann/notes please look" }),
        Line(" /etc/hosts", new() { Type = ClientFrameType.Say, Text = " /etc/hosts" }),
        Line("/tmp/", new() { Type = ClientFrameType.Say, Text = "/tmp/" }),
        Line("/join/lobby", new() { Type = ClientFrameType.Say, Text = "/join/lobby" }),
        Line("//home/ann is a path", new() { Type = ClientFrameType.Say, Text = "/home/ann is a path" }),
        Line("/topic and/or", new() { Type = ClientFrameType.Topic, Text = "and/or" }),
        Line("//", new() { Type = ClientFrameType.Say, Text = "/" }),
        Line("/say /join {x}", new() { Type = ClientFrameType.Say, Text = "/join {x}" }),
        Line("/say #1 is best", new() { Type = ClientFrameType.Say, Text = "#1 is best" }),
        Line("/me waves  twice", new() { Type = ClientFrameType.Say, Text = "waves  twice", Me = true }),
        Line("/reply 42 so do I", new() { Type = ClientFrameType.Say, Reply = 42, Text = "so do I" }),
        Line("/reply #den 42 so do I", new() { Type = ClientFrameType.Say, Room = "den", Reply = 42, Text = "so do I" }),
        Line("/join lobby", new() { Type = ClientFrameType.Join, Room = "lobby" }),
        Line("/join   #lobby  \r\n", new() { Type = ClientFrameType.Join, Room = "lobby" }),
        Line("/JOIN lobby", new() { Type = ClientFrameType.Join, Room = "lobby" }),
        Line("  /join\tlobby", new() { Type = ClientFrameType.Join, Room = "lobby" }),
        Line("/j lobby", new() { Type = ClientFrameType.Join, Room = "lobby" }),
        Line("/leave", new() { Type = ClientFrameType.Leave }),
        Line("/part #lobby", new() { Type = ClientFrameType.Leave, Room = "lobby" }),
        Line("/nick ann", new() { Type = ClientFrameType.Nick, Name = "ann" }),
        Line("/nick ann smith", new() { Type = ClientFrameType.Nick, Name = "ann smith" }),
        Line("/register ann a pass phrase", new() { Type = ClientFrameType.Register, Name = "ann", Password = "a pass phrase" }),
        Line("/login ann pw", new() { Type = ClientFrameType.Login, Name = "ann", Password = "pw" }),
        Line("/logout now", new() { Type = ClientFrameType.Logout }),
        Line("/quit", new() { Type = ClientFrameType.Logout }),
        Line("/hello", new() { Type = ClientFrameType.Hello }),
        Line("/hello ann", new() { Type = ClientFrameType.Hello, Name = "ann" }),
        Line("/session t0k", new() { Type = ClientFrameType.Hello, Session = "t0k" }),
        Line("/format json", new() { Type = ClientFrameType.Hello, Format = "json" }),
        Line("/edit 7 what I meant", new() { Type = ClientFrameType.Edit, Seq = 7, Text = "what I meant" }),
        Line("/delete #den 7", new() { Type = ClientFrameType.Delete, Room = "den", Seq = 7 }),
        Line("/react 7 👍", new() { Type = ClientFrameType.React, Seq = 7, Emoji = "👍" }),
        Line("/unreact 7 👍", new() { Type = ClientFrameType.React, Seq = 7, Emoji = "👍", Off = true }),
        Line("/typing", new() { Type = ClientFrameType.Typing }),
        Line("/read 7", new() { Type = ClientFrameType.Read, Seq = 7 }),
        Line("/history", new() { Type = ClientFrameType.History }),
        Line("/history 20", new() { Type = ClientFrameType.History, Limit = 20 }),
        Line("/history lobby", new() { Type = ClientFrameType.History, Room = "lobby" }),
        Line("/history #20", new() { Type = ClientFrameType.History, Room = "20" }),
        Line("/history lobby 20", new() { Type = ClientFrameType.History, Room = "lobby", Limit = 20 }),
        Line("/before 42", new() { Type = ClientFrameType.History, Before = 42 }),
        Line("/before #den 42 5", new() { Type = ClientFrameType.History, Room = "den", Before = 42, Limit = 5 }),
        Line("/after 42", new() { Type = ClientFrameType.History, After = 42 }),
        Line("/rooms", new() { Type = ClientFrameType.Rooms }),
        Line("/list lob", new() { Type = ClientFrameType.Rooms, Match = "lob" }),
        Line("/who", new() { Type = ClientFrameType.Who }),
        Line("/names #lobby", new() { Type = ClientFrameType.Who, Room = "lobby" }),
        Line("/create garden all that grows", new() { Type = ClientFrameType.Create, Room = "garden", Topic = "all that grows" }),
        Line("/create-private den", new() { Type = ClientFrameType.Create, Room = "den", Private = true }),
        Line("/invite bob", new() { Type = ClientFrameType.Invite, User = "bob" }),
        Line("/invite bob #den", new() { Type = ClientFrameType.Invite, User = "bob", Room = "den" }),
        Line("/dm bob", new() { Type = ClientFrameType.Dm, To = "bob" }),
        Line("/dm bob hi there", new() { Type = ClientFrameType.Dm, To = "bob", Text = "hi there" }),
        Line("/msg bob 5", new() { Type = ClientFrameType.Dm, To = "bob", Text = "5" }),
        Line("/topic new topic", new() { Type = ClientFrameType.Topic, Text = "new topic" }),
        Line("/topic", new() { Type = ClientFrameType.Topic }),
        Line("/topic -", new() { Type = ClientFrameType.Topic, Text = "" }),
        Line("/topic - and more", new() { Type = ClientFrameType.Topic, Text = "- and more" }),
        Line("/password old-secret my new password", new() { Type = ClientFrameType.Password, Old = "old-secret", New = "my new password" }),
        Line("/password \"my long password\" a longer password", new() { Type = ClientFrameType.Password, Old = "my long password", New = "a longer password" }),
        Line("/password \"a\"b c", new() { Type = ClientFrameType.Password, Old = "\"a\"b", New = "c" }),
        Line("/password \"a b", new() { Type = ClientFrameType.Password, Old = "\"a", New = "b" }),
        Line("/password a \"b c\"", new() { Type = ClientFrameType.Password, Old = "a", New = "\"b c\"" }),
        Line("/kick \"ann\" 60", new() { Type = ClientFrameType.Kick, User = "ann", Seconds = 60 }),
        Line("/logout everywhere", new() { Type = ClientFrameType.Logout, Everywhere = true }),
        Line("/notify mentions", new() { Type = ClientFrameType.Notify, Level = "mentions" }),
        Line("/notify none den", new() { Type = ClientFrameType.Notify, Level = "none", Room = "den" }),
        Line("/notify #den all", new() { Type = ClientFrameType.Notify, Level = "all", Room = "den" }),
        Line("/close #den", new() { Type = ClientFrameType.Close, Room = "den" }),
        Line("/around 42", new() { Type = ClientFrameType.History, Around = 42 }),
        Line("/around #den 42 5", new() { Type = ClientFrameType.History, Room = "den", Around = 42, Limit = 5 }),
        Line("/webhook set https://example.org/chat", new() { Type = ClientFrameType.Webhook, Do = "set", Url = "https://example.org/chat" }),
        Line("/webhook #den show", new() { Type = ClientFrameType.Webhook, Do = "show", Room = "den" }),
        Line("/tokens create build-server", new() { Type = ClientFrameType.Tokens, Do = "create", Name = "build-server" }),
        Line("/tokens #den list", new() { Type = ClientFrameType.Tokens, Do = "list", Room = "den" }),
        Line("/role bob member", new() { Type = ClientFrameType.Role, User = "bob", Role = "member" }),
        Line("/kick bob", new() { Type = ClientFrameType.Kick, User = "bob" }),
        Line("/kick bob 60 too loud", new() { Type = ClientFrameType.Kick, User = "bob", Seconds = 60, Reason = "too loud" }),
        Line("/kick bob too loud", new() { Type = ClientFrameType.Kick, User = "bob", Reason = "too loud" }),
        Line("/ban #den bob 60", new() { Type = ClientFrameType.Ban, Room = "den", User = "bob", Seconds = 60 }),
        Line("/unban bob", new() { Type = ClientFrameType.Unban, User = "bob" }),
        Line("/mute bob 5", new() { Type = ClientFrameType.Mute, User = "bob", Seconds = 5 }),
        Line("/unmute bob", new() { Type = ClientFrameType.Unmute, User = "bob" }),
        Line("/slow 10", new() { Type = ClientFrameType.Slow, Seconds = 10 }),
        Line("/search lost keys", new() { Type = ClientFrameType.Search, Query = "lost keys" }),
        Line("/whoami", new() { Type = ClientFrameType.Whoami }),
        Line("/help", new() { Type = ClientFrameType.Help }),
        Line("/help say", new() { Type = ClientFrameType.Help, About = "say" }),
        Line("/?", new() { Type = ClientFrameType.Help }),
        Line("/ping", new() { Type = ClientFrameType.Ping }),
    ];

    private static TestCaseData Line(string line, ClientFrame frame) => new(line, frame with { IsTyped = true });

    [TestCaseSource(nameof(Lines))]
    public void Typed_line_is_read(string line, ClientFrame frame) => Wire.Read(line).Should().Be(frame);

    [TestCaseSource(nameof(Lines))]
    public void Formatted_line_gives_the_same_frame(string line, ClientFrame frame)
    {
        // The reader removes blanks at both ends of a command, so no command can express these texts.
        if (line.TrimEnd('\r') is "  hi " or " /etc/hosts")
            return;
        Wire.Read(CommandLine.Format(frame)!).Should().Be(frame);
    }

    [Test]
    public void Test_cases_contain_a_typed_line_for_each_type_of_client_frame() =>
        Lines.Select(each => ((ClientFrame)each.Arguments[1]!).Type).Should().Contain(Enum.GetValues<ClientFrameType>());

    // In each case, the password begins and ends with a quotation mark, or contains blanks and a quotation mark.
    [TestCase("\"a\"")]
    [TestCase("a \"b\" c")]
    [TestCase("\"a\" b")]
    public void Password_that_no_line_can_express_is_formatted_as_JSON(string old)
    {
        var frame = new ClientFrame { Type = ClientFrameType.Password, Old = old, New = "x" };
        CommandLine.Format(frame).Should().BeNull();
        Wire.Read(Hint.Create(frame, typed: true)).Old.Should().Be(old);
    }

    [Test]
    public void Topic_that_equals_the_sign_for_no_topic_is_formatted_as_JSON() =>
        CommandLine.Format(new ClientFrame { Type = ClientFrameType.Topic, Text = "-" }).Should().BeNull();

    [TestCase("", ErrorCode.MissingField, "the line is empty", "/say hi all")]
    [TestCase("  \t ", ErrorCode.BadField, "the text shows nothing", "/say hi all")]
    [TestCase("/join", ErrorCode.MissingField, "/join needs the argument room", "/join lobby")]
    [TestCase("/join #", ErrorCode.MissingField, "/join needs the argument room", "/join lobby")]
    [TestCase("/me", ErrorCode.MissingField, "text", "/me waves")]
    [TestCase("/say  ", ErrorCode.MissingField, "text", "/say hi all")]
    [TestCase("/password old", ErrorCode.MissingField, "new-password", "/password old-secret my new password")]
    [TestCase("/notify some", ErrorCode.BadField, "all|mentions|none must be all, mentions or none", "/notify mentions")]
    [TestCase("/close", ErrorCode.MissingField, "/close needs the argument room", "/close garden")]
    [TestCase("/around x", ErrorCode.BadField, "seq must be a whole number, 0 or more", "/around 42 20")]
    [TestCase("/tokens", ErrorCode.MissingField, "create|list|revoke", "/tokens create build-server")]
    [TestCase("/webhook", ErrorCode.MissingField, "set|show|retry|remove", "/webhook set https://example.org/chat")]
    [TestCase("/webhook list", ErrorCode.BadField, "must be set, show, retry or remove", "/webhook set https://example.org/chat")]
    [TestCase("/dm", ErrorCode.MissingField, "name", "/dm bob hi")]
    [TestCase("/edit 7", ErrorCode.MissingField, "text", "/edit 7 what I meant")]
    [TestCase("/register bob", ErrorCode.MissingField, "password", "/register bob my long password")]
    [TestCase("/delete #garden", ErrorCode.MissingField, "seq", "/delete #garden 42")]
    [TestCase("/edit", ErrorCode.MissingField, "seq", "/edit 42 what I meant")]
    [TestCase("/login ann", ErrorCode.MissingField, "password", "/login ann my long password")]
    [TestCase("/delete x", ErrorCode.BadField, "seq must be a whole number, 0 or more", "/delete 42")]
    [TestCase("/delete -1", ErrorCode.BadField, "seq", "/delete 42")]
    [TestCase("/delete 1 2", ErrorCode.BadField, "seq", "/delete 42")]
    [TestCase("/history 0", ErrorCode.BadField, "limit must be a whole number, 1 or more", "/history lobby 20")]
    [TestCase("/history lobby x", ErrorCode.BadField, "limit", "/history lobby 20")]
    [TestCase("/kick bob -5", ErrorCode.BadField, "seconds", "/kick bob 60")]
    [TestCase("/role bob king", ErrorCode.BadField, "owner|moderator|member must be owner, moderator or member", "/role bob moderator")]
    [TestCase("/format xml", ErrorCode.BadField, "must be text or json", "/format text")]
    [TestCase("/jion garden", ErrorCode.UnknownType, "no such command \"/jion\"; did you mean /join?", "/join garden")]
    [TestCase("/jion", ErrorCode.UnknownType, "did you mean /join?", "/join lobby")]
    [TestCase("/mesage bob hi", ErrorCode.UnknownType, "no such command \"/mesage\"", "/help")]
    [TestCase("/users", ErrorCode.UnknownType, "did you mean /who?", "/who")]
    [TestCase("/logni ann secret", ErrorCode.UnknownType, "did you mean /login?", "/login ann my long password")]
    [TestCase("/hist 5", ErrorCode.UnknownType, "did you mean /history?", "/history 5")]
    [TestCase("/frobnicate", ErrorCode.UnknownType, "no such command \"/frobnicate\"", "/help")]
    [TestCase("/", ErrorCode.UnknownType, "no such command \"/\"", "/help")]
    [TestCase("/ join lobby", ErrorCode.UnknownType, "no such command \"/\"", "/help")]
    public void Invalid_line_gets_an_error_with_a_hint(string line, string code, string textPart, string hint)
    {
        var error = Wire.ReadError(line);
        error.Code.Should().Be(code);
        error.Text.Should().Contain(textPart);
        error.Hint.Should().Be(hint);
    }

    [Test]
    public void Every_example_and_alias_of_every_command_is_valid()
    {
        foreach (var command in Commands.All)
        {
            command.Example.Should().StartWith("/" + command.Name);
            var frame = Wire.Read(command.Example);
            frame.Type.Should().Be(command.Type);
            foreach (var alias in command.Aliases)
                Wire.Read("/" + alias + command.Example[(command.Name.Length + 1)..]).Should().Be(frame);
        }
    }

    [Test]
    public void Every_hint_for_a_missing_or_invalid_field_is_valid_as_a_command_and_as_JSON()
    {
        foreach (var spec in FrameSpecs.All)
        {
            foreach (var use in spec.FieldUses)
            {
                if (use.IsRequired)
                    Wire.ReadError($$"""{"type":"{{spec.Name}}"}""").Code.Should().Be(ErrorCode.MissingField);
                var error = Wire.ReadError($"{{\"type\":\"{spec.Name}\",\"{Fields.GetName(use.Field)}\":{{}}}}");
                error.Code.Should().Be(ErrorCode.BadField);
                error.Hint.Should().Contain($"\"{Fields.GetName(use.Field)}\":", "the hint shows the invalid field");
                Wire.Read(Hint.AsCommand(error.Hint!));
            }
        }
        foreach (var command in Commands.All.Where(command => command.Arguments.Any(use => use.IsRequired)))
            Wire.ReadError("/" + command.Name).Hint.Should().Be(command.Example);
    }

    [Test]
    public void Hint_is_a_command_if_possible_and_otherwise_JSON()
    {
        var join = new ClientFrame { Type = ClientFrameType.Join, Room = "lobby" };
        Hint.Create(join, typed: true).Should().Be("/join lobby");
        Hint.Create(join, typed: false).Should().Be("""{"type":"join","room":"lobby"}""");
        Hint.Create(join with { After = 4 }, typed: true).Should().Be("""{"type":"join","room":"lobby","after":4}""");
        Hint.AsCommand("""{"type":"join","room":"lobby"}""").Should().Be("/join lobby");
        Hint.AsCommand("""{"type":"say","text":"x","files":["f"]}""").Should().StartWith("{");
        Hint.AsCommand("/join lobby").Should().Be("/join lobby");
        Hint.AsCommand("{nonsense").Should().Be("{nonsense");
    }
}
