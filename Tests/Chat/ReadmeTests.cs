using System.Text.Json.Nodes;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Chat;

/// <summary>Runs the examples of Protocol/README.md: a line of a fenced block is a frame.</summary>
public class ReadmeTests
{
    internal static readonly string[] Readme = File.ReadAllLines(Path.Combine(Root(), "Protocol", "README.md"));

    private static IEnumerable<string> ClientLines => LinesOf("json client");
    private static IEnumerable<string> TypedLines => LinesOf("text typed");
    private static IEnumerable<string> ServerLines => LinesOf("json server");

    [TestCaseSource(nameof(ClientLines))]
    public void Client_example_can_be_sent(string json)
    {
        var frame = Wire.Read(json);
        frame.Typed.Should().BeFalse();
        JsonNode.DeepEquals(JsonNode.Parse(Wire.Json(frame)), JsonNode.Parse(json)).Should().BeTrue("«{0}» has no field that is ignored", json);
    }

    [TestCaseSource(nameof(TypedLines))]
    public void Typed_example_can_be_sent(string line) => Wire.Read(line).Typed.Should().BeTrue();

    [TestCaseSource(nameof(ServerLines))]
    public void Server_example_is_what_the_server_writes(string json)
    {
        var written = Wire.Json(Wire.ReadServer(json));
        JsonNode.DeepEquals(JsonNode.Parse(written), JsonNode.Parse(json)).Should().BeTrue("«{0}» is written as {1}", json, written);
    }

    [Test]
    public void Hints_and_help_in_the_examples_work()
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
    public void Every_type_of_frame_and_every_code_stands_in_the_readme()
    {
        ClientLines.Select(json => Wire.Read(json).Type).Should().Contain(Enum.GetValues<ClientFrameType>());
        var kinds = typeof(ServerFrame).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(ServerFrame)));
        ServerLines.Select(json => Wire.ReadServer(json).GetType()).Should().Contain(kinds);
        var text = string.Join('\n', Readme);
        foreach (var code in typeof(ErrorCode).GetFields())
            text.Should().Contain($"`{code.GetRawConstantValue()}`");
    }

    [Test]
    public void Text_format_in_the_readme_is_what_a_person_reads()
    {
        var ann = new Person("u1", "ann");
        LinesOf("text").Should().Equal(
            TextFormat.Of(new MessageFrame("lobby", 1, Wire.At, ann, "hi")),
            TextFormat.Of(new MessageFrame("lobby", 1, Wire.At, ann, "waves", Me: true)),
            TextFormat.Of(new TopicFrame("lobby", 1, Wire.At, ann, "be kind")),
            TextFormat.Of(new PresenceFrame("lobby", "u2", "bob", "joined", At: Wire.At)),
            TextFormat.Of(new GapFrame("lobby", 44, 60)),
            TextFormat.Of(new ErrorFrame(default, new(ErrorCode.NoRoom, "no such room \"loby\"", "/join lobby"))));
    }

    private static List<string> LinesOf(string mark)
    {
        var lines = new List<string>();
        string? block = null;
        foreach (var line in Readme)
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
                block = block is null ? line[3..] : null;
            else if (block == mark)
                lines.Add(line);
        }
        lines.Should().NotBeEmpty("the readme has blocks marked «{0}»", mark);
        return lines;
    }

    private static string Root()
    {
        var folder = TestContext.CurrentContext.TestDirectory;
        while (!File.Exists(Path.Combine(folder, "RawSocketChat.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("no RawSocketChat.sln above the tests");
        return folder;
    }
}
