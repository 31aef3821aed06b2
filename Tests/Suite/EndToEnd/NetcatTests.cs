using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The real nc at the raw TCP port: with typed input, with piped input, with NUL as delimiter, and when nc is killed.</summary>
[Category(Categories.Slow)] // runs nc
public sealed class NetcatTests
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Two_people_chat_with_nc()
    {
        await using var ann = await TypeAsync("ann");
        await using var bob = await TypeAsync("bob");
        await ann.ExpectAsync("-!- bob joined #lobby");
        await ann.TypeAsync("hi bob");
        await bob.ExpectAsync("#lobby <ann> hi bob");
        await bob.TypeAsync("/me waves");
        await ann.ExpectAsync("#lobby * bob waves");
        await bob.TypeAsync("/nick bobby");
        await ann.ExpectAsync("bobby");
    }

    [TestCase("printf '/nick nat\\n/join lobby\\nhello\\nand goodbye\\n' | nc -N 127.0.0.1 {0}")]
    [TestCase("printf '/nick nat\\r\\n/join lobby\\r\\nhello\\r\\nand goodbye\\r\\n' | nc -N 127.0.0.1 {0}")]
    [TestCase("printf '/nick nat\\n/join lobby\\nhello\\nand goodbye\\n' | nc -q1 127.0.0.1 {0}")]
    public async Task Server_runs_all_piped_lines_and_nc_reads_all_answers(string command)
    {
        var (ann, _) = await ChatClient.JoinAsync(_server.HttpPort, "ann");
        await using var __ = ann;
        var output = await RunAsync(command);
        output.Should().Contain("you are in #lobby").And.Contain("#lobby <nat> hello").And.Contain("#lobby <nat> and goodbye");
        output.Should().NotContain("\r").And.NotContain("!  ");
        await ann.Inbox.ExpectAsync<MessageFrame>(message => message is { Text: "and goodbye", From.Name: "nat" });
        await ann.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { State: "left", Name: "nat" });
    }

    [TestCase("\\n", '\n')]
    [TestCase("\\0", '\0')]
    public async Task Server_answers_with_the_delimiter_of_the_request(string escape, char delimiter)
    {
        string[] frames =
        [
            """{"type":"hello","name":"device-7"}""",
            """{"type":"join","room":"lobby"}""",
            """{"type":"say","id":1,"text":"21.5 °C"}""",
            """{"type":"history","id":2}""",
        ];
        var output = await RunAsync($"printf '{string.Concat(frames.Select(frame => frame + escape))}' | nc -N 127.0.0.1 {{0}}");

        output.Should().EndWith($"{delimiter}").And.NotContain($"{(delimiter == '\n' ? '\0' : '\n')}");
        var answers = output.TrimEnd(delimiter).Split(delimiter).Select(Read).ToList();
        answers[0].Should().BeOfType<WelcomeFrame>().Which.Name.Should().Be("device-7");
        answers.OfType<JoinedFrame>().Should().ContainSingle();
        answers.OfType<AckFrame>().Should().ContainSingle(ack => ack.Id == FrameId.From(1) && ack.Seq == 1);
        answers.OfType<HistoryFrame>().Should().ContainSingle();
        answers.OfType<MessageFrame>().Should().ContainSingle(message => message.Text == "21.5 °C");
    }

    [TestCase("printf '<policy-file-request/>\\0' | nc 127.0.0.1 {0}")]
    [TestCase("echo '<policy-file-request/>' | nc 127.0.0.1 {0}")]
    [TestCase("printf '<policy-file-request/>' | nc 127.0.0.1 {0}")]
    public async Task Server_sends_the_policy_file_and_closes_the_connection(string command) =>
        (await RunAsync(command)).Should().StartWith("<?xml").And.EndWith("</cross-domain-policy>\0").And.Contain($"to-ports=\"{_server.RawPort}\"");

    [Test]
    public async Task Server_announces_that_a_killed_client_left()
    {
        await using var ann = await TypeAsync("ann");
        await using var bob = await TypeAsync("bob");
        await ann.ExpectAsync("-!- bob joined #lobby");
        await bob.KillAsync();
        await ann.ExpectAsync("-!- bob left #lobby");
    }

    private static ServerFrame Read(string json) =>
        ChatCodec.TryReadServer(Encoding.UTF8.GetBytes(json), out var frame) ? frame : throw new AssertionException($"this is not a frame: {json}");

    private async Task<Terminal> TypeAsync(string name)
    {
        var nc = Terminal.Run("nc", "127.0.0.1", $"{_server.RawPort}");
        await nc.TypeAsync($"/nick {name}");
        await nc.TypeAsync("/join lobby");
        await nc.ExpectAsync("you are in #lobby");
        return nc;
    }

    private Task<string> RunAsync(string command) => Shell.RunAsync(command.Replace("{0}", $"{_server.RawPort}", StringComparison.Ordinal));
}
