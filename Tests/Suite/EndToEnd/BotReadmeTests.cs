using System.Diagnostics;
using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Api;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// Runs the small bots and the webhook commands of Protocol/README.md. The test does not change the bots: they read the server and the token
/// from environment variables. In the commands, the test replaces the address and the token.
/// </summary>
[Category(Categories.Slow)] // runs curl, python3, node and the .NET SDK
public sealed class BotReadmeTests
{
    private ServerUnderTest _server = null!;
    private ChatClient _ann = null!;
    private string _token = null!;
    private TemporaryFolder _folder = null!;

    [SetUp]
    public async Task CreateGardenAsync()
    {
        _folder = new TemporaryFolder();
        _server = await ServerUnderTest.StartAsync("--Webhooks:AllowedNetworks:0", "127.0.0.0/8");
        _ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann");
        await _ann.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "garden", Id = FrameId.From("create") });
        _token = (await _ann.CreateTokenAsync("garden", "helper")).Token!;
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _ann.DisposeAsync();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task Bash_bot_posts_the_load_average()
    {
        using var bot = Start("bash bot", "load.sh", "bash");
        var message = await ExpectMessageAsync("helper");
        message.Text.Should().Contain(": load ");
        message.From.Bot.Should().BeTrue();
        await bot.WaitForExitAsync().OrFail("the end of the script");
        bot.ExitCode.Should().Be(0);
    }

    [Test]
    public async Task Python_bot_answers_each_ping_once_even_after_a_lost_connection()
    {
        using var bot = Start("python bot", "ping.py", "python3");
        try
        {
            await _ann.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "ping-bot", State: "joined" });
            var first = await _ann.SayAsync("!ping", room: "garden");
            (await ExpectMessageAsync("ping-bot")).Should().BeEquivalentTo(new { Text = "pong", Reply = first.Seq });

            _server.FindConnection("ping-bot").Close(Server.Connections.Disconnect.Draining);
            await _ann.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "ping-bot", State: "left" });
            var missed = await _ann.SayAsync("!ping", room: "garden");
            (await ExpectMessageAsync("ping-bot")).Should().BeEquivalentTo(new { Text = "pong", Reply = missed.Seq });
            var last = await _ann.SayAsync("!ping", room: "garden");
            (await ExpectMessageAsync("ping-bot")).Should().BeEquivalentTo(new { Text = "pong", Reply = last.Seq });
            _ann.Inbox.All.OfType<MessageFrame>().Count(message => message.Text == "pong").Should().Be(3);
        }
        finally
        {
            bot.Kill(entireProcessTree: true);
        }
    }

    [Test]
    public async Task Node_bot_rolls_a_die()
    {
        using var bot = Start("js bot", "roll.mjs", "node");
        try
        {
            // The bot answers only messages that come after its start, and the test cannot see when the bot has started.
            // So the test repeats its message.
            var answer = ExpectMessageAsync("helper");
            for (var i = 0; !answer.IsCompleted && i < 100; i++)
            {
                await _ann.SendAsync(Say("!roll", id: $"roll{i}", room: "garden"));
                await Task.WhenAny(answer, Task.Delay(TimeSpan.FromMilliseconds(300)));
            }

            (await answer).Text.Should().MatchRegex("^ann rolls [1-6]$");
        }
        finally
        {
            bot.Kill(entireProcessTree: true);
        }
    }

    [Test]
    public async Task CSharp_bot_welcomes_a_member()
    {
        using var bot = Start("csharp bot", "greeter.cs", "dotnet", "run");
        try
        {
            // The SDK first compiles the bot, so the test waits longer.
            await _ann.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "greeter", State: "joined" }, within: TimeSpan.FromMinutes(2));
            var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob", "garden");
            await using var __ = bob;
            (await ExpectMessageAsync("greeter")).Text.Should().Be("welcome, bob");
        }
        finally
        {
            bot.Kill(entireProcessTree: true);
        }
    }

    [Test]
    public async Task Webhook_commands_post_what_the_document_says()
    {
        foreach (var command in ReadBlock("sh hooks"))
        {
            (await Shell.RunAsync(command.Replace("localhost:5080", $"127.0.0.1:{_server.HttpPort}", StringComparison.Ordinal).Replace("TOKEN", _token, StringComparison.Ordinal)))
                .Should().Be("ok");
        }

        (await ExpectMessageAsync("helper")).Text.Should().Be("disk is full");
        (await ExpectMessageAsync("helper")).Text.Should().Be("see the manual (https://example.org)");
    }

    [Test]
    public async Task Python_receiver_prints_the_messages_whose_signature_is_valid()
    {
        var url = $"http://127.0.0.1:{ServerUnderTest.FindFreePort()}/";
        var set = await _ann.RequestAsync<WebhookFrame>(new ClientFrame { Type = ClientFrameType.Webhook, Do = "set", Url = url, Room = "garden", Id = FrameId.From("set") });
        using var receiver = Start("python receiver", "receiver.py", ["python3"], ("WEBHOOK_SECRET", set.Secret!), ("WEBHOOK_PORT", $"{new Uri(url).Port}"));
        try
        {
            using var http = new HttpClient();
            await TestWait.UntilAsync(async () => await PostForgedAsync(http, url) == 401, "the receiver to reject a request with another signature");
            await _ann.SayAsync("hi all", room: "garden");
            (await receiver.StandardOutput.ReadLineAsync().OrFail("the message")).Should().Be("hi all");
        }
        finally
        {
            receiver.Kill(entireProcessTree: true);
        }
    }

    private static async Task<int> PostForgedAsync(HttpClient http, string url)
    {
        using var content = new StringContent("""{"data":{"text":"forged"}}""");
        content.Headers.Add("webhook-id", "msg_1");
        content.Headers.Add("webhook-timestamp", $"{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}");
        content.Headers.Add("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        try
        {
            using var answer = await http.PostAsync(new Uri(url), content);
            return (int)answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            // The receiver has not started yet.
            return 0;
        }
    }

    private Task<MessageFrame> ExpectMessageAsync(string name) => _ann.Inbox.ExpectAsync<MessageFrame>(message => message.From.Name == name);

    private Process Start(string mark, string file, params string[] command) => Start(mark, file, command, []);

    private Process Start(string mark, string file, string[] command, params (string Name, string Value)[] variables)
    {
        var path = Path.Combine(_folder.Path, file);
        File.WriteAllText(path, string.Join('\n', ReadBlock(mark)) + "\n");
        var process = new Process { StartInfo = new ProcessStartInfo(command[0], [.. command[1..], path]) { WorkingDirectory = _folder.Path, RedirectStandardOutput = variables.Length > 0 } };
        var environment = process.StartInfo.Environment;
        environment["CHAT_TOKEN"] = _token;
        environment["CHAT_URL"] = $"http://127.0.0.1:{_server.HttpPort}";
        environment["CHAT_WS"] = $"ws://127.0.0.1:{_server.HttpPort}";
        (environment["CHAT_HOST"], environment["CHAT_PORT"]) = ("127.0.0.1", $"{_server.RawPort}");
        foreach (var (name, value) in variables)
            environment[name] = value;
        process.Start();
        return process;
    }

    private static List<string> ReadBlock(string mark)
    {
        var lines = File.ReadLines(Path.Combine(Repository.Root, "Protocol", "README.md"), Encoding.UTF8)
            .SkipWhile(line => line != $"```{mark}").Skip(1).TakeWhile(line => line != "```").ToList();
        lines.Should().NotBeEmpty("the document has a block marked «{0}»", mark);
        return lines;
    }
}
