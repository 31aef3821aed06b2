using System.Text;
using System.Text.Json.Nodes;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Chat;

/// <summary>Tests the examples in Protocol/README.md. Each line of a marked code block is one frame.</summary>
public class ReadmeTests
{
    internal static readonly string[] Readme = File.ReadAllLines(Path.Combine(Repository.Root, "Protocol", "README.md"));

    private static readonly DateTimeOffset Later = new(2026, 11, 23, 10, 3, 10, TimeSpan.Zero);

    private static IEnumerable<string> ClientLines => ReadLines("json client");
    private static IEnumerable<string> TypedLines => ReadLines("text typed");
    private static IEnumerable<string> ServerLines => ReadLines("json server");

    [TestCaseSource(nameof(ClientLines))]
    public void Client_example_is_a_valid_frame(string json)
    {
        var frame = Wire.Read(json);
        frame.IsTyped.Should().BeFalse();
        JsonNode.DeepEquals(JsonNode.Parse(Wire.ToJson(frame)), JsonNode.Parse(json)).Should().BeTrue("«{0}» has no ignored field", json);
    }

    [TestCaseSource(nameof(TypedLines))]
    public void Typed_example_is_a_valid_line(string line) => Wire.Read(line).IsTyped.Should().BeTrue();

    [TestCaseSource(nameof(ServerLines))]
    public void Server_example_is_what_the_server_writes(string json)
    {
        var written = Wire.ToJson(Wire.ReadServer(json));
        JsonNode.DeepEquals(JsonNode.Parse(written), JsonNode.Parse(json)).Should().BeTrue("«{0}» is written as {1}", json, written);
    }

    [Test]
    public void Hints_and_help_in_the_examples_are_valid()
    {
        foreach (var json in ServerLines)
        {
            var lines = Wire.ReadServer(json) switch
            {
                ErrorFrame { Error.Hint: { } hint } => [hint],
                HelpFrame help => help.Commands.Select(entry => entry.Json),
                _ => [],
            };
            foreach (var line in lines)
                Wire.Read(line);
        }
    }

    [Test]
    public void Readme_shows_every_type_of_frame_and_every_error_code()
    {
        ClientLines.Select(json => Wire.Read(json).Type).Should().Contain(Enum.GetValues<ClientFrameType>());
        var kinds = typeof(ServerFrame).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(ServerFrame)));
        ServerLines.Select(json => Wire.ReadServer(json).GetType()).Should().Contain(kinds);
        var text = string.Join('\n', Readme);
        foreach (var code in typeof(ErrorCode).GetFields())
            text.Should().Contain($"`{code.GetRawConstantValue()}`");
    }

    [Test]
    public void Text_format_in_the_readme_is_what_the_server_writes()
    {
        var (ann, bob) = (new Person("u1", "ann"), new Person("u2", "bob"));
        ReadLines("text").Should().Equal(
            TextFormat.Format(new MessageFrame("lobby", 1, Wire.At, ann, "hi")),
            TextFormat.Format(new MessageFrame("lobby", 1, Wire.At, ann, "waves", Me: true)),
            TextFormat.Format(new MessageFrame("lobby", 1, Wire.At, ann, "look", Files: [new("0c1d", "cat.png", "image/png", 122_880)])),
            TextFormat.Format(new TopicFrame("lobby", 1, Wire.At, ann, "be kind")),
            TextFormat.Format(new PresenceFrame("lobby", "u2", "bob", "joined", At: Wire.At)),
            TextFormat.Format(new EditedFrame("lobby", 45, Later, ann, 42, "hi all")),
            TextFormat.Format(new DeletedFrame("lobby", 46, Later, ann, 42)),
            TextFormat.Format(new ReactedFrame("lobby", 47, Later, bob, 42, "👍")),
            TextFormat.Format(new ModeratedFrame("lobby", 48, Later, ann, "mute", bob, Seconds: 60, Reason: "please calm down")),
            TextFormat.Format(new InvitedFrame("garden", ann, Later, "all that grows")),
            TextFormat.Format(new AckFrame(default, "lobby", Topic: "be kind")),
            TextFormat.Format(new GapFrame("lobby", 44, 60)),
            TextFormat.Format(new ErrorFrame(default, new(ErrorCode.NoRoom, "no such room \"loby\"", "/join lobby"))));
    }

    [Test]
    public void History_in_the_readme_is_what_the_server_writes()
    {
        var (ann, bob) = (new Person("u1", "ann"), new Person("u2", "bob"));
        ReadOnlyMemory<byte>[] messages =
        [
            ChatCodec.Encode(new MessageFrame("lobby", 42, Wire.At, ann, "hi all", Edited: Later, Reactions: [new("👍", [ann, bob]), new("❤️", [bob])])),
            ChatCodec.Encode(new MessageFrame("lobby", 43, Wire.At, bob, "", Deleted: true)),
        ];
        string.Join('\n', ReadLines("text history")).Should().Be(TextFormat.Format(new HistoryFrame(default, "lobby", messages, false)));
    }

    [Test]
    public void Results_in_the_readme_are_what_the_server_writes()
    {
        var found = new MessageFrame("lobby", 42, Wire.At, new Person("u2", "bob"), "my keys are lost", Snippet: new("my keys are lost", [new(3, 4), new(12, 4)]));
        string.Join('\n', ReadLines("text search")).Should().Be(TextFormat.Format(new ResultsFrame(default, "lost keys", [ChatCodec.Encode(found)], 459_629_606_687_488)));
    }

    [Test]
    public void Text_about_tokens_in_the_readme_is_what_the_server_writes()
    {
        TokenInfo[] one = [new("build-server", Wire.At)];
        ServerFrame[] frames =
        [
            new TokensFrame(default, "create", "lobby", one, "build-server", "4be2f2a1…"),
            new MessageFrame("lobby", 1, Wire.At, new Person("b1", "build-server", Bot: true), "disk is full"),
            new TokensFrame(default, "list", "lobby", one),
            new TokensFrame(default, "revoke", "lobby", [], "build-server"),
        ];
        string.Join('\n', ReadLines("text tokens")).Should().Be(string.Join('\n', frames.Select(TextFormat.Format)));
    }

    [Test]
    public void Record_of_a_file_in_the_readme_is_what_the_server_writes() =>
        ReadLines("json file").Should().Equal(Encoding.UTF8.GetString(ChatCodec.Encode(new AttachedFile("0c1d…", "cat.png", "image/png", 122_880, 640, 480))));

    [Test]
    public void Text_about_webhooks_in_the_readme_is_what_the_server_writes()
    {
        const string url = "https://example.org/chat";
        WebhookFrame[] frames =
        [
            new(default, "set", "lobby", [], url, "whsec_2b1T…", 47),
            new(default, "show", "lobby", [new(49, Wire.At, 9, "the receiver answered 500")], url, Delivered: 52, Failing: new("the receiver answered 500", Wire.At, Later)),
            new(default, "remove", "lobby", []),
            new(default, "show", "lobby", []),
        ];
        string.Join('\n', ReadLines("text webhook")).Should().Be(string.Join('\n', frames.Select(TextFormat.Format)));
    }

    internal static List<string> ReadLines(string marker)
    {
        var lines = new List<string>();
        string? block = null;
        foreach (var line in Readme)
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
                block = block is null ? line[3..] : null;
            else if (block == marker)
                lines.Add(line);
        }
        lines.Should().NotBeEmpty("the readme has blocks marked «{0}»", marker);
        return lines;
    }
}
