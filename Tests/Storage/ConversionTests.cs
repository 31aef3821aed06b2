using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Tests.Operator;

namespace RawSocketChat.Tests.Storage;

/// <summary>A database of the second version, with a row for each event, becomes one of blocks and runs; nothing is lost, however often that is interrupted.</summary>
public sealed class ConversionTests
{
    private const int InPlace = 40_000;
    private const int First = 5;
    private const int InJournal = 300;

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(4)]
    public async Task Everything_is_where_it_was(int stepsBeforeTheKill)
    {
        using var storage = new OpenStorage();
        storage.Storage.Dispose();
        MakeOld(storage.Folder);
        Convert(storage.Folder, stepsBeforeTheKill);

        storage.Reopen();
        await CheckAsync(storage);
        storage.Reopen();
        await CheckAsync(storage);
        (await OperatorRunner.RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().Contain($"3 rooms, {InPlace + 10 + (2 * InJournal)} events");
        using var cut = new Surgery(storage.Folder);
        cut.Number("SELECT COUNT(*) FROM sqlite_schema WHERE name LIKE 'old%'").Should().Be(0);
    }

    [Test]
    public async Task Commands_that_only_read_wait_for_the_start_that_brings_it_to_its_end()
    {
        using var storage = new OpenStorage();
        storage.Storage.Dispose();
        MakeOld(storage.Folder);
        (await OperatorRunner.RunAsync(storage.Folder, "check")).ShouldFail("older version", exitCode: 2);
        Convert(storage.Folder, steps: 2);
        (await OperatorRunner.RunAsync(storage.Folder, "check")).ShouldFail("older version", exitCode: 2);
        (await OperatorRunner.RunAsync(storage.Folder, "export", "a")).ShouldFail("older version");
    }

    [Test]
    public async Task A_hole_that_damage_has_left_stays_one()
    {
        using var storage = new OpenStorage();
        storage.Storage.Dispose();
        MakeOld(storage.Folder, "DELETE FROM events WHERE id = (1 << 40 | 17)");
        storage.Reopen();
        (await OperatorRunner.RunAsync(storage.Folder, "check")).Lines.Should().Contain("room \"a\", event 17: it is missing");
        (await storage.Log.ReadAfterAsync("a", 17, 1, 1_000, default))[0].Content.Text.Should().Be("a 18");
    }

    private static async Task CheckAsync(OpenStorage storage)
    {
        (await storage.Log.OpenAsync("a", default)).Should().Match<RoomLogState>(state => state.First == First && state.Last == First + InPlace + InJournal - 1);
        (await storage.Log.OpenAsync("b", default)).Should().Match<RoomLogState>(state => state.First == 1 && state.Last == 10 + InJournal);
        (await storage.Log.OpenAsync("c", default)).Should().Match<RoomLogState>(state => state.First == 1 && state.Last == 0);
        foreach (var (room, first, count) in ((string, int, int)[])[("a", First, InPlace + InJournal), ("b", 1, 10 + InJournal)])
        {
            var (next, after) = (first, 0L);
            while (await storage.Log.ReadAfterAsync(room, after, 500, int.MaxValue, default) is { Count: > 0 } page)
            {
                page.Should().Equal(Enumerable.Range(next, page.Count).Select(seq => Event(room, seq)));
                (next, after) = (next + page.Count, page[^1].Seq);
            }

            next.Should().Be(first + count);
        }

        foreach (var seq in (int[])[First, 20_000, First + InPlace - 1, First + InPlace, First + InPlace + InJournal - 1])
        {
            var told = Event("a", seq);
            (await storage.Log.AppendAsync("c", [told.Content], default))[0]
                .Should().Match<Appended>(entry => entry.IsDuplicate && entry.Room == "a" && entry.Seq == seq && entry.At == told.At);
        }
    }

    // As a server of that version leaves it that was killed: much has settled, and something is in the journal.
    private static void MakeOld(string folder, string? afterwards = null)
    {
        var file = Path.Combine(folder, DataFolder.DatabaseName);
        File.Delete(file);
        using var database = new SqliteConnection($"Data Source={file};Pooling=False");
        database.Open();
        Migrations.Run(database.Handle!, to: 2);
        using var transaction = database.BeginTransaction();
        Execute($"INSERT INTO rooms (id, name, key, topic, private, epoch, first) VALUES (1, 'a', 'A', '', 0, 'ea', {First}), (2, 'b', 'B', '', 0, 'eb', 1), (3, 'c', 'C', '', 0, 'ec', 1)");
        for (var seq = First; seq < First + InPlace; seq++)
            Add("events", "id", 1, (1L << 40) | (long)seq, Event("a", seq));
        for (var seq = 1; seq <= 10; seq++)
            Add("events", "id", 2, (2L << 40) | (long)seq, Event("b", seq));
        for (var i = 0; i < InJournal; i++)
        {
            Add("journal", "id, room, seq", 1, 1_000 + (2 * i), Event("a", First + InPlace + i));
            Add("journal", "id, room, seq", 2, 1_001 + (2 * i), Event("b", 11 + i));
        }

        if (afterwards is not null)
            Execute(afterwards);
        transaction.Commit();

        void Execute(string sql)
        {
            using var command = database.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }

        void Add(string table, string key, long room, long id, RoomEvent added)
        {
            using var command = database.CreateCommand();
            command.CommandText = $"INSERT INTO {table} ({key}, at, kind, author, author_name, body, reply, me, client_id) VALUES ({(table == "journal" ? "$id, $room, $seq" : "$id")}, $at, $kind, $author, $name, $text, $reply, $me, $client)";
            foreach (var (name, value) in ((string, object?)[])
            [
                ("$id", id), ("$room", room), ("$seq", added.Seq), ("$at", added.At.ToUnixTimeMilliseconds()), ("$kind", (int)added.Content.Kind), ("$author", added.Content.Author),
                ("$name", added.Content.AuthorName), ("$text", added.Content.Text), ("$reply", added.Content.Reply), ("$me", added.Content.Me), ("$client", added.Content.ClientId),
            ])
                command.Parameters.AddWithValue(name, value ?? DBNull.Value);
            command.ExecuteNonQuery();
        }
    }

    private static void Convert(string folder, int steps)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, DataFolder.DatabaseName)};Pooling=False");
        connection.Open();
        Migrations.Run(connection.Handle!);
        connection.Close();
        using var database = Database.OpenForCopy(Path.Combine(folder, DataFolder.DatabaseName));
        for (; steps > 0; steps--)
            Conversion.StepOnce(database);
    }

    private static RoomEvent Event(string room, int seq) => new(
        seq,
        DateTimeOffset.UnixEpoch.AddSeconds(seq),
        new NewEvent(RoomEventKind.Message, $"u{seq % 7}", seq % 3 == 0 ? "r\u00f6b" : "ann", $"{room} {seq}", seq % 5 == 0 ? seq - 1 : null, seq % 11 == 0, seq % 2 == 0 && room == "b" ? null : $"{room}{seq}"));
}
