using System.Text.RegularExpressions;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Api;
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
        var queries = SqlBlock().Matches(ReadDocument()).Select(match => match.Groups[1].Value).ToList();
        queries.Should().HaveCount(8);
        await RegisterAsync("squatter");
        var results = new List<string>();
        foreach (var query in queries)
            results.Add((await QueryAsync(query)).TrimEnd('\n'));

        results[0].Split('\n').Should().HaveCount(2).And.OnlyContain(line => line.Contains("|ann|", StringComparison.Ordinal));
        results[1].Should().Be("lobby|2|1");
        results[2].Split('\n').Should().HaveCount(2).And.OnlyContain(line => line.StartsWith("lobby|", StringComparison.Ordinal));
        results[3].Should().MatchRegex("^[0-9]{4}-[0-9]{2}-[0-9]{2}\\|2\\|25$");
        results[5].Should().Be("squatter");
        await TestWait.UntilAsync(() => QueryAsync(queries[4]).GetAwaiter().GetResult() == "ann|member|2\n", "the membership, which the server stores in the background");
    }

    [Test]
    public async Task Documented_query_lists_the_tokens_of_programs()
    {
        await using var room = await TokenRoom.CreateAsync(_server);
        await room.Owner.CreateTokenAsync(room.Name, "unused");
        await room.PostAsync("""{"text":"disk is full"}""");
        var query = SqlBlock().Matches(ReadDocument()).Select(match => match.Groups[1].Value).Single(sql => sql.Contains("FROM tokens", StringComparison.Ordinal));
        const string Time = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}";
        (await QueryAsync(query)).Should().MatchRegex($"^{room.Name}\\|build-server\\|{Time}\\|u[0-9a-f]+\\|{Time}\n{room.Name}\\|unused\\|{Time}\\|u[0-9a-f]+\\|\n$");
    }

    [Test]
    public async Task Documented_query_lists_the_webhooks()
    {
        await using var room = await Webhooks.WebhookRoom.CreateAsync(_server);
        await room.SayAsync("before");
        await room.SetAsync("https://198.41.0.4/chat");
        var query = SqlBlock().Matches(ReadDocument()).Select(match => match.Groups[1].Value).Single(sql => sql.Contains("FROM webhooks", StringComparison.Ordinal));
        (await QueryAsync(query)).Should().Be($"{room.Name}|https://198.41.0.4/chat|1|1|0|||0\n");
    }

    private async Task RegisterAsync(string name)
    {
        await using var client = await ChatClient.ConnectAsync(_server.HttpPort);
        await client.SendAsync($$"""{"type":"register","name":"{{name}}","password":"correct horse battery"}""");
        await client.Inbox.ExpectAsync<WelcomeFrame>(welcome => !welcome.Guest);
    }

    private Task<string> QueryAsync(string query) => Shell.RunAsync($"sqlite3 -readonly '{Path.Combine(_folder.Path, "chat.db")}' <<'END'\n{query}\nEND\n");

    private static string ReadDocument() => File.ReadAllText(Path.Combine(Repository.Root, "Server", "docs", "operations.md"));

    [GeneratedRegex("```sql\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex SqlBlock();
}
