using System.Text.RegularExpressions;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Api;
using RawSocketChat.Tests.Files;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Storage;

/// <summary>The queries of Server/docs/operations.md, run with the real <c>sqlite3</c> program beside a running server.</summary>
[Category(Categories.Slow)] // needs the sqlite3 program
public sealed partial class OperatorQueriesTests
{
    private TemporaryFolder _folder = null!;
    private ServerUnderTest _server = null!;
    private ChatClient _ann = null!;

    [SetUp]
    public async Task ChatAsync()
    {
        _folder = new TemporaryFolder();
        _server = await ServerUnderTest.StartAsync("--Data:Path", _folder.Path);
        (_ann, _) = await ChatClient.JoinAsync(_server.HttpPort, "ann");
        await _ann.SayAsync("hello");
        await _ann.SayAsync("it's a 'quoted' text");
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _ann.DisposeAsync();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task Documented_command_shows_the_conversation()
    {
        var command = ReadDocument().Split('\n').Single(line => line.StartsWith("sqlite3 -readonly ", StringComparison.Ordinal));
        var output = await Shell.RunAsync(command.Replace("data/chat.db", Path.Combine(_folder.Path, "chat.db"), StringComparison.Ordinal));
        output.Split('\n').Should().Contain("ann|hello").And.Contain("ann|it's a 'quoted' text");
    }

    [Test]
    public async Task Documented_queries_return_the_documented_results()
    {
        await RegisterAsync("squatter");
        (await RunDocumentedAsync("e.kind = 'message'")).Split('\n').Should().HaveCount(2).And.OnlyContain(line => line.Contains("|ann|", StringComparison.Ordinal));
        (await RunDocumentedAsync("COUNT(DISTINCT e.author)")).Should().Be("lobby|2|1");
        (await RunDocumentedAsync("WHERE name = 'ann'")).Split('\n').Should().HaveCount(2).And.OnlyContain(line => line.StartsWith("lobby|", StringComparison.Ordinal));
        (await RunDocumentedAsync("AS day")).Should().MatchRegex("^[0-9]{4}-[0-9]{2}-[0-9]{2}\\|2\\|25$");
        (await RunDocumentedAsync("password_hash IS NOT NULL")).Should().Be("squatter");
        await TestWait.UntilAsync(() => RunDocumentedAsync("AS unread").GetAwaiter().GetResult() == "ann|member|2", "the membership, which the server stores in the background");
    }

    [Test]
    public async Task Each_documented_query_runs()
    {
        foreach (var query in ReadQueries())
            await QueryAsync(query);
    }

    [Test]
    public async Task Documented_queries_list_the_files_and_their_uploaders()
    {
        using var bob = await FileClient.JoinAsync(_server.HttpPort, "bob");
        await bob.SayAsync("look", await bob.UploadAsync(new byte[700], "small.bin"), await bob.UploadAsync(new byte[900], "large.bin"));
        (await RunDocumentedAsync("f.type, f.bytes")).Should().MatchRegex("^large.bin\\|application/octet-stream\\|900\\|[0-9: -]+\\|bob\nsmall.bin\\|application/octet-stream\\|700\\|[0-9: -]+\\|bob$");
        (await RunDocumentedAsync("SUM(f.bytes)")).Should().Be("bob|2|1600");
    }

    [Test]
    public async Task Documented_query_lists_the_tokens_of_programs()
    {
        await using var room = await TokenRoom.CreateAsync(_server);
        await room.Owner.CreateTokenAsync(room.Name, "unused");
        await room.PostAsync("""{"text":"disk is full"}""");
        const string Time = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}";
        (await RunDocumentedAsync("FROM tokens")).Should().MatchRegex($"^{room.Name}\\|build-server\\|{Time}\\|u[0-9a-f]+\\|{Time}\n{room.Name}\\|unused\\|{Time}\\|u[0-9a-f]+\\|$");
    }

    [Test]
    public async Task Documented_query_lists_the_webhooks()
    {
        await using var room = await Webhooks.WebhookRoom.CreateAsync(_server);
        await room.SayAsync("before");
        await room.SetAsync("https://198.41.0.4/chat");
        (await RunDocumentedAsync("FROM webhooks")).Should().Be($"{room.Name}|https://198.41.0.4/chat|1|1|0|||0");
    }

    private async Task RegisterAsync(string name)
    {
        await using var client = await ChatClient.ConnectAsync(_server.HttpPort);
        await client.SendAsync($$"""{"type":"register","name":"{{name}}","password":"correct horse battery"}""");
        await client.Inbox.ExpectAsync<WelcomeFrame>(welcome => !welcome.Guest);
    }

    // Runs the documented query that contains the given text.
    private async Task<string> RunDocumentedAsync(string part) =>
        (await QueryAsync(ReadQueries().Single(query => query.Contains(part, StringComparison.Ordinal)))).TrimEnd('\n');

    private static IEnumerable<string> ReadQueries() => SqlBlock().Matches(ReadDocument()).Select(match => match.Groups[1].Value);

    private Task<string> QueryAsync(string query) => Shell.RunAsync($"sqlite3 -readonly '{Path.Combine(_folder.Path, "chat.db")}' <<'END'\n{query}\nEND\n");

    private static string ReadDocument() => File.ReadAllText(Path.Combine(Repository.Root, "Server", "docs", "operations.md"));

    [GeneratedRegex("```sql\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex SqlBlock();
}
