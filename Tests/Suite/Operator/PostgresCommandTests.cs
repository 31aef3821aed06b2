using System.Text.RegularExpressions;
using RawSocketChat.Server.Search;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Operator;

/// <summary>Tests the operator commands on a PostgreSQL database.</summary>
[Category(Categories.Slow)] // runs the operator commands on databases
[Parallelizable(ParallelScope.Self)]
public sealed class PostgresCommandTests
{
    private TemporaryFolder _folder = null!;
    private PostgresTestStorage _storage = null!;

    [SetUp]
    public async Task CreateAsync()
    {
        _folder = new TemporaryFolder();
        _storage = new PostgresTestStorage();
        await FillAsync(_storage.Catalog, _storage.Log, _storage.Identities);
    }

    [TearDown]
    public void Remove()
    {
        _storage.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Check_and_export_work_while_the_server_runs()
    {
        (await RunAsync("check")).ShouldSucceed().Output.Should().Be("No damage: 2 rooms, 1551 events, 1 account\n");
        (await RunAsync("export", "garden")).ShouldSucceed().Lines.Should().HaveCount(51).And.Subject.Last().Should().Contain("\"text\":\"text 50\",\"id\":\"i50\"");
        (await RunAsync("export", "gardem")).ShouldFail("export: there is no room \"gardem\"; did you mean \"Garden\"?");
    }

    [TestCase("room \"lobby\", event 17 is missing", "DELETE FROM events WHERE room = 1 AND seq = 17")]
    [TestCase("room \"lobby\", event 5017: the client id \"s17\" refers to it, but it does not exist", "UPDATE client_ids SET seq = 5017 WHERE client_id = 's17'")]
    [TestCase("room \"lobby\", event 17: unknown kind \"nonsense\"", "UPDATE events SET kind = 'nonsense' WHERE room = 1 AND seq = 17")]
    [TestCase("room \"lobby\", event 17: impossible target NULL", "UPDATE events SET kind = 'edited' WHERE room = 1 AND seq = 17")]
    [TestCase("room \"lobby\", event 17: invalid body {", "UPDATE events SET body = '{' WHERE room = 1 AND seq = 17")]
    [TestCase("room \"lobby\", event 17: the file f1 does not exist", """UPDATE events SET body = '{"files":[{"id":"f1","name":"a","type":"b","bytes":1}]}' WHERE room = 1 AND seq = 17""")]
    [TestCase("room \"lobby\": its topic differs from event 1501", "UPDATE rooms SET topic = 'other' WHERE id = 1")]
    [TestCase("room \"lobby\": its key is \"other\"", "UPDATE rooms SET name_key = 'other' WHERE id = 1")]
    [TestCase("the account \"ann\" has no registered name", "DELETE FROM names")]
    public async Task Check_finds_and_names_damage(string line, string damage)
    {
        Execute(damage);
        var check = await RunAsync("check");
        check.ExitCode.Should().Be(1);
        check.Lines.Should().Contain(line);
        check.Lines[^1].Should().MatchRegex("^Damaged: [0-9]+ errors? found in 2 rooms, ");
    }

    [Test]
    public async Task Erased_user_leaves_no_text_and_no_reaction_and_search_does_not_find_the_messages()
    {
        await _storage.Log.AppendAsync(
            "lobby",
            [
                new NewEvent(RoomEventKind.Message, "u1", "ann", "my plums are ripe", Reply: 3),
                new NewEvent(RoomEventKind.Message, "u2", "bob", "may I have some?"),
                new NewEvent(RoomEventKind.Reacted, "u1", "ann", "") { Of = 1503, Emoji = "🍐" },
                new NewEvent(RoomEventKind.Moderated, "u2", "bob", "too loud") { Moderation = new ModerationDetails("mute", "u1", "ann", Seconds: 60) },
            ],
            default);
        _storage.Storage.Dispose();

        (await RunAsync("erase", "--user", "ANN")).ShouldSucceed().Output.Should().Be("Erased ann with 1 message and 0 sessions\n");
        (await RunAsync("check")).ShouldSucceed().Output.Should().Be("No damage: 2 rooms, 1556 events, 0 accounts\n");
        var export = (await RunAsync("export", "lobby")).ShouldSucceed().Output;
        export.Should().Contain("may I have some?").And.Contain("\"reply\":3").And.NotContain("plums").And.NotContain("\"u1\",\"name\":\"ann\"");
        export.Should().Contain("\"name\":\"erased\"").And.NotContain("\"userName\":\"ann\"");

        Execute("SELECT COUNT(*) FROM events WHERE words::text LIKE '%plums%'").Should().Be(0L, "the index must not keep the erased words");
        _storage.Reopen();
        (await _storage.Log.ReadAfterAsync("lobby", 1502, 1, int.MaxValue, default)).Single().Reactions.Should().BeEmpty();
        (await FindAsync("plums")).Should().BeEmpty();
        (await FindAsync("some")).Should().Equal("may I have some?");
    }

    [Test]
    public async Task Removed_room_and_account_leave_no_data()
    {
        _storage.Storage.Dispose();
        (await RunAsync("remove-room", "LOBBY")).ShouldSucceed().Output.Should().Be("Removed lobby and its 1501 events\n");
        (await RunAsync("remove-account", "Ann")).ShouldSucceed().Output.Should().Be("Removed the account ann and its 0 sessions\n");
        (await RunAsync("check")).ShouldSucceed().Output.Should().Be("No damage: 1 room, 50 events, 0 accounts\n");
    }

    [Test]
    public async Task Import_restores_the_exported_room_and_search_finds_its_messages()
    {
        var exported = (await RunAsync("export", "lobby")).Output;
        _storage.Storage.Dispose();
        (await RunWithInputAsync(exported, _folder.Path, "import", "-", "--as", "copy", "--Data:Postgres", _storage.ConnectionString)).ShouldSucceed();
        (await RunAsync("check")).ShouldSucceed().Output.Should().Be("No damage: 3 rooms, 3052 events, 1 account\n");
        // The copy has no client ids, because the authors have already used these ids in the original room.
        GetEventLines((await RunAsync("export", "copy")).Output).Should().Be(Regex.Replace(GetEventLines(exported), ",\"id\":\"s[0-9]+\"", ""));
        _storage.Reopen();
        (await FindAsync("1499")).Should().Equal("text 1499", "text 1499");
    }

    [Test]
    public async Task Commands_fail_with_one_line_if_they_cannot_work()
    {
        foreach (var words in (string[][])[["erase", "--user", "ann"], ["remove-room", "lobby"], ["remove-account", "ann"]])
            (await RunAsync(words)).ShouldFail($"{words[0]}: another server uses the PostgreSQL database");
        (await RunAsync("backup", Path.Combine(_folder.Path, "b"))).ShouldFail("backup: back up the PostgreSQL database with pg_dump");
        _storage.Storage.Dispose();
        (await RunInterruptedAsync(_folder.Path, "erase", "--user", "ann", "--Data:Postgres", _storage.ConnectionString)).ShouldFail("erase: interrupted", exitCode: 130);
        (await OperatorRunner.RunAsync(_folder.Path, "check", "--Data:Postgres", (await PostgresServer.Shared).GetConnectionString("postgres"))).ShouldFail("the database has no chat", exitCode: 2);
    }

    private Task<Outcome> RunAsync(params string[] words) => OperatorRunner.RunAsync(_folder.Path, [.. words, "--Data:Postgres", _storage.ConnectionString]);

    private async Task<IEnumerable<string>> FindAsync(string word) =>
        (await _storage.Search.SearchAsync(new MessageQuery([SearchPhrase.Create(word)!], new SearchScope([], WithPublicRooms: true)), default)).Messages.Select(found => found.Event.Content.Text);

    private static string GetEventLines(string export) => export[(export.IndexOf('\n', StringComparison.Ordinal) + 1)..];

    private object? Execute(string sql)
    {
        using var connection = new Npgsql.NpgsqlConnection(_storage.ConnectionString + ";Pooling=false");
        connection.Open();
        using var command = new Npgsql.NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }
}
