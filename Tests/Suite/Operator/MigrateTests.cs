using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Postgres.Maintenance;
using RawSocketChat.Server.Storage.Sql.Maintenance;
using RawSocketChat.Server.Storage.Sqlite.Maintenance;
using RawSocketChat.Tests.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Operator;

/// <summary><c>migrate</c> copies a whole chat from SQLite to PostgreSQL and back, and loses nothing.</summary>
[Category(Categories.Slow)] // runs the operator commands on databases
[Parallelizable(ParallelScope.Self)]
public sealed class MigrateTests
{
    private const string Password = "correct horse battery";

    private TemporaryFolder _folder = null!;
    private string _postgres = null!;

    [SetUp]
    public async Task CreateAsync()
    {
        _folder = new TemporaryFolder();
        _postgres = await (await PostgresServer.Shared).CreateDatabaseAsync();
    }

    [TearDown]
    public void Remove()
    {
        PostgresServer.RemoveDatabase(_postgres);
        _folder.Dispose();
    }

    [Test]
    public async Task Chat_that_moves_to_PostgreSQL_and_back_keeps_every_row_and_the_clients_continue()
    {
        var file = await FillWithServerAsync();
        var before = ReadSqlite(_folder.Path);

        (await RunAsync(_folder.Path, "migrate", "--to", _postgres)).ShouldSucceed().Lines.Should().HaveCount(2).And.Subject.First().Should().MatchRegex("^Migrated 2 rooms, 7 events, 1 account, 1 file to the PostgreSQL database");
        ReadPostgres().Should().BeEquivalentTo(before, options => options.WithStrictOrdering());
        await ExpectChatAsync(file, "--Data:Path", _folder.Path, "--Data:Postgres", _postgres);
        var between = ReadPostgres();

        using var target = new TemporaryFolder();
        var folder = Path.Combine(target.Path, "back");
        (await RunAsync(_folder.Path, "migrate", "--to", folder, "--Data:Postgres", _postgres)).ShouldSucceed().Lines[1].Should().Be($"Start the server with --Data:Path {folder}, and without --Data:Postgres.");
        Directory.GetFiles(folder).Select(Path.GetFileName).Should().BeEquivalentTo("chat.db", "lock");
        ReadSqlite(folder).Should().BeEquivalentTo(between, options => options.WithStrictOrdering());
        await ExpectChatAsync(file, "--Data:Path", folder);
    }

    [TestCase(false, TestName = "{m}(unchanged)")]
    [TestCase(true, TestName = "{m}(changed after the interruption)")]
    public async Task Interrupted_migration_continues_and_completes_the_copy(bool isChanged)
    {
        using var storage = await CreateFilledStorageAsync();
        storage.Storage.Dispose();
        using (var cancel = new CancellationTokenSource())
        {
            var steps = new Steps(step =>
            {
                if (step is { What: "copying", Done: > 1000 })
                    cancel.Cancel();
            });
            FluentActions.Invoking(() => Migration.Run(new SqliteChatDatabase(storage.Folder), CreateTarget(storage.Folder), steps, cancel.Token)).Should().Throw<OperationCanceledException>();
        }

        Count("events").Should().BeInRange(1, 1_550);
        (await RunAsync(storage.Folder, "check", "--Data:Postgres", _postgres)).ShouldFail("the chat is not yet complete in this database; run the \"migrate\" command again", exitCode: 2);
        FluentActions.Invoking(() => new PostgresTestStorage(connectionString: _postgres)).Should().Throw<StorageException>().WithMessage("*not yet complete*");
        if (isChanged)
            Execute(storage.Folder, "UPDATE events SET text = 'changed' WHERE room = 1 AND seq = 1; UPDATE users SET name = 'anna'; DELETE FROM events WHERE room = 2 AND seq > 40; DELETE FROM client_ids WHERE room = 2 AND seq > 40");

        var copied = new List<long>();
        Migration.Run(new SqliteChatDatabase(storage.Folder), CreateTarget(storage.Folder), new Steps(step => copied.Add(step.What == "copying" ? step.Done : 0)), default);
        copied.Where(done => done > 0).Min().Should().Match(done => isChanged || done > 1000, "the unchanged events are not copied again");
        ReadPostgres().Should().BeEquivalentTo(ReadSqlite(storage.Folder), options => options.WithStrictOrdering());
        (await RunAsync(storage.Folder, "check", "--Data:Postgres", _postgres)).ShouldSucceed();
    }

    [Test]
    public async Task Interrupted_migration_to_a_folder_leaves_no_database_and_continues()
    {
        using var storage = new PostgresTestStorage();
        await FillAsync(storage.Catalog, storage.Log, storage.Identities);
        storage.Storage.Dispose();
        var folder = Path.Combine(_folder.Path, "target");
        string[] words = ["migrate", "--to", folder, "--Data:Postgres", storage.ConnectionString];
        using (var cancel = new CancellationTokenSource())
        {
            var source = ChatDatabases.Get(new DataOptions { Path = _folder.Path, Postgres = storage.ConnectionString });
            var steps = new Steps(step =>
            {
                if (step is { What: "copying", Done: > 1000 })
                    cancel.Cancel();
            });
            FluentActions.Invoking(() => Migration.Run(source, new SqliteChatDatabase(folder), steps, cancel.Token)).Should().Throw<OperationCanceledException>();
        }

        File.Exists(Path.Combine(folder, "chat.db")).Should().BeFalse();
        (await RunAsync(_folder.Path, words)).ShouldSucceed();
        (await RunAsync(folder, "check")).ShouldSucceed().Output.Should().Be("No damage: 2 rooms, 1551 events, 1 account\n");
        (await RunAsync(_folder.Path, words)).ShouldFail($"migrate: \"{folder}\" already has a chat; name another folder");
    }

    [Test]
    public async Task Migration_that_cannot_work_fails_with_one_line_and_copies_nothing()
    {
        using var storage = await CreateFilledStorageAsync();
        (await RunAsync(storage.Folder, "migrate", "--to", _postgres)).ShouldFail($"migrate: another server uses the folder \"{storage.Folder}\"; stop it first");
        storage.Storage.Dispose();
        (await RunAsync(storage.Folder, "migrate")).ShouldFail("migrate: ");
        (await RunAsync(storage.Folder, "migrate", "--to", "data2")).ShouldFail("migrate: --to: the chat is in SQLite already; name a PostgreSQL database, such as: --to \"Host=");
        (await RunAsync(storage.Folder, "migrate", "--to", _postgres, "--Data:Postgres", _postgres)).ShouldFail("migrate: --to: the chat is in PostgreSQL already; name a folder");
        (await RunAsync(storage.Folder, "migrate", "--to", "Hst=x")).ShouldFail("migrate: this is not a connection string");
        (await RunInterruptedAsync(storage.Folder, "migrate", "--to", _postgres)).ShouldFail("migrate: interrupted", exitCode: 130);

        using (var other = new PostgresTestStorage(connectionString: _postgres))
        {
            (await RunAsync(storage.Folder, "migrate", "--to", _postgres)).ShouldFail("migrate: another server uses the PostgreSQL database");
            await other.Log.OpenAsync("lobby", default);
        }

        (await RunAsync(storage.Folder, "migrate", "--to", _postgres)).ShouldFail("already has a chat; name an empty database");
        Execute(storage.Folder, "DELETE FROM events WHERE room = 1 AND seq = 17");
        (await RunAsync(storage.Folder, "migrate", "--to", _postgres)).ShouldFail("is damaged: room \"lobby\", event 17 is missing; run the \"check\" command for details");
    }

    // A migration copies only the tables and columns in its list. This test fails if the list lacks one of them.
    [Test]
    public void Migration_copies_every_column_of_every_table()
    {
        using var sqlite = new TestStorage();
        using var postgres = new PostgresTestStorage();
        var copied = MigratedTable.All.SelectMany(table => table.Columns.Select(column => $"{table.Name}.{column.Name}")).ToList();
        QuerySqlite(sqlite.Folder, "SELECT t.name || '.' || c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'search%' AND t.name NOT LIKE 'sqlite_%'")
            .Should().BeEquivalentTo(copied.Append("unindexed.search_id"));
        QueryPostgres(postgres.ConnectionString, "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'")
            .Where(column => column.Split('.')[0] is not ("schema_version" or "writer" or "presence" or "used_names")).Should().BeEquivalentTo(copied.Append("events.words"));
        foreach (var table in MigratedTable.All)
        {
            QuerySqlite(sqlite.Folder, $"SELECT name FROM pragma_table_info('{table.Name}') WHERE pk > 0 ORDER BY pk").Should().Equal(table.Columns.Take(table.KeyLength).Select(column => column.Name), table.Name);
            QuerySqlite(sqlite.Folder, $"SELECT name FROM pragma_table_info('{table.Name}') WHERE type = 'TEXT'").Should().BeEquivalentTo(table.Columns.Where(column => column.IsText).Select(column => column.Name), table.Name);
        }
    }

    // Creates two rooms, an account with a session and a file, an edit, a deletion and a reaction. Returns the address of the file.
    private async Task<string> FillWithServerAsync()
    {
        await using var server = await ServerUnderTest.StartAsync("--Data:Path", _folder.Path);
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?room=lobby");
        await ann.SendAsync($$"""{"type":"register","name":"ann","password":"{{Password}}"}""");
        var welcome = await ann.Inbox.ExpectAsync<WelcomeFrame>(frame => !frame.Guest);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.HttpPort}") };
        using var upload = new HttpRequestMessage(HttpMethod.Post, "/files?name=notes.txt") { Content = new StringContent("the notes") };
        upload.Headers.Add("Authorization", $"Bearer {welcome.Session}");
        using var answer = await http.SendAsync(upload);
        var file = (string)System.Text.Json.Nodes.JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["id"]!;
        foreach (var line in (string[])
        [
            """{"type":"say","text":"first","id":"1"}""",
            """{"type":"say","text":"secret","id":"2"}""",
            $$"""{"type":"say","text":"with a file","files":["{{file}}"],"id":"3"}""",
            """{"type":"edit","seq":1,"text":"first, edited","id":"4"}""",
            """{"type":"delete","seq":2,"id":"5"}""",
            """{"type":"react","seq":1,"emoji":"👍","id":"6"}""",
            """{"type":"say","text":"last","id":"7"}""",
        ])
        {
            await ann.SendAsync(line);
            await ann.Inbox.ExpectAsync<AckFrame>();
        }

        await ann.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "den", Private = true, Id = FrameId.From("c") });
        return file;
    }

    // Starts a server on the copy. Checks that it has the messages, the account, the search index and the file, and that a client can continue
    // with its cursor.
    private static async Task ExpectChatAsync(string file, params string[] settings)
    {
        await using var server = await ServerUnderTest.StartAsync(settings);
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort);
        await ann.SendAsync($$"""{"type":"login","name":"ann","password":"{{Password}}"}""");
        (await ann.Inbox.ExpectAsync<WelcomeFrame>(frame => !frame.Guest)).Rooms.Should().BeEquivalentTo("lobby", "den");
        var joined = await ann.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Join, Room = "lobby", After = 5, Id = FrameId.From("j") });
        joined.Recovered.Should().BeTrue();
        joined.Messages.DecodeMessages().Should().ContainSingle().Which.Text.Should().Be("last");
        (await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Say, Room = "lobby", Text = "last", Id = FrameId.From("7") })).Seq.Should().Be(7, "the server knows the id of the message");
        var found = await ann.RequestAsync<ResultsFrame>(new ClientFrame { Type = ClientFrameType.Search, Query = "edited", Id = FrameId.From("s") });
        found.Messages.DecodeMessages().Should().ContainSingle().Which.Text.Should().Be("first, edited");
        using var http = new HttpClient();
        using var download = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{server.HttpPort}/files/{file}/notes.txt");
        download.Headers.Add("Authorization", $"Bearer {ann.Inbox.All.OfType<WelcomeFrame>().Last().Session}");
        using var answer = await http.SendAsync(download);
        (await answer.Content.ReadAsStringAsync()).Should().Be("the notes");
    }

    private PostgresChatDatabase CreateTarget(string folder) => new PostgresChatDatabase(new DataOptions { Path = folder, Postgres = _postgres });

    private long Count(string table) => long.Parse(QueryPostgres(_postgres, $"SELECT COUNT(*)::text FROM {table}").Single(), CultureInfo.InvariantCulture);

    private List<string> ReadPostgres() => [.. MigratedTable.All.SelectMany(table => QueryPostgres(_postgres, CreateDump(table)))];

    private static List<string> ReadSqlite(string folder) => [.. MigratedTable.All.SelectMany(table => QuerySqlite(folder, CreateDump(table)))];

    // Creates a query that returns one text for each row, in the order of the key.
    private static string CreateDump(MigratedTable table) =>
        $"SELECT '{table.Name} ' || {string.Join(" || '|' || ", table.Columns.Select(column => $"COALESCE(CAST(\"{column.Name}\" AS TEXT), 'NULL')"))} FROM {table.Name} ORDER BY {table.KeyList}";

    private static List<string> QuerySqlite(string folder, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "chat.db")};Pooling=False");
        connection.Open();
        return [.. connection.Query<string>(sql)];
    }

    private static List<string> QueryPostgres(string connectionString, string sql)
    {
        using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        connection.Open();
        return [.. connection.Query<string>(sql)];
    }

    private sealed class Steps(Action<WorkProgress> report) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => report(value);
    }
}
