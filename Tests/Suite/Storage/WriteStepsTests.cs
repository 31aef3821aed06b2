using Dapper;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Tests.Storage;

/// <summary>A removal of old data does not block other writes, although there is only one writer.</summary>
public sealed class WriteStepsTests
{
    [Test]
    public async Task Next_step_gets_fewer_rows_after_a_slow_step_and_more_rows_after_a_fast_step()
    {
        var time = new FakeTimeProvider();
        using var storage = new TestStorage(time);
        var steps = new WriteSteps(storage.Storage);
        (await ExecuteAsync(milliseconds: 5)).Should().Be(64);
        (await ExecuteAsync(milliseconds: 3)).Should().Be(32);
        (await ExecuteAsync(milliseconds: 1)).Should().Be(32);
        (await ExecuteAsync(milliseconds: 1)).Should().Be(64);
        for (var i = 0; i < 10; i++)
            await ExecuteAsync(milliseconds: 0);
        (await ExecuteAsync(milliseconds: 0)).Should().Be(WriteSteps.MaxRows);
        for (var i = 0; i < 10; i++)
            await ExecuteAsync(milliseconds: 100);
        (await ExecuteAsync(milliseconds: 100)).Should().Be(16);

        Task<int> ExecuteAsync(int milliseconds) => steps.ExecuteAsync(
            (_, rows) =>
            {
                time.Advance(TimeSpan.FromMilliseconds(milliseconds));
                return rows;
            },
            default);
    }

    [TestCase("sessions")]
    [TestCase("guests")]
    [TestCase("client ids")]
    [TestCase("events")]
    public async Task Other_writes_are_stored_while_much_old_data_is_removed(string what)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var storage = new TestStorage(time, keepEvents: what == "events" ? 1 : 0);
        await storage.Log.OpenAsync("a", default);
        await storage.Log.OpenAsync("big", default);
        await FillAsync(storage, 10_000);
        time.Advance(TimeSpan.FromDays(100));
        var removing = Task.Run(() => RemoveAsync(storage, what));

        var stored = 0;
        for (; !removing.IsCompleted; stored++)
            await storage.Log.AppendAsync("a", [new NewEvent(RoomEventKind.Message, "u", "u", "hi")], default);

        await removing;
        stored.Should().BeGreaterThan(4, "each write waits for one step, and not for the whole removal");
        var table = what switch { "sessions" => "sessions", "guests" => "users", "events" => "events WHERE room = (SELECT id FROM rooms WHERE name = 'big')", _ => "client_ids" };
        (await storage.Storage.ReadAsync("", reader => reader.Connection.ExecuteScalar<int>($"SELECT COUNT(*) FROM {table}"), default)).Should().Be(what == "events" ? 1 : 0);
    }

    // If no index of a table begins with its foreign key, SQLite reads the whole table for each removed row of the parent table.
    [Test]
    public async Task Each_foreign_key_has_an_index()
    {
        using var storage = new TestStorage();
        var missing = await storage.Storage.ReadAsync("", reader => reader.Connection.Query<string>(
            """
            SELECT t.name || '.' || f."from" FROM sqlite_schema t, pragma_foreign_key_list(t.name) f
            WHERE t.type = 'table' AND NOT EXISTS (
                SELECT 1 FROM pragma_index_list(t.name) i, pragma_index_info(i.name) c WHERE c.seqno = f.seq AND c.name = f."from" AND NOT i.partial)
            """).AsList(), default);
        missing.Should().BeEmpty();
    }

    private static async Task FillAsync(TestStorage storage, int count)
    {
        var at = storage.Storage.Time.GetUtcNow().ToUnixTimeMilliseconds();
        const string numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @count)";
        await storage.Storage.WriteAsync(writer => writer.Connection.Execute(
            $"""
            {numbers} INSERT INTO users (id, name, created_at) SELECT 'u' || i, 'n' || i, @at FROM n;
            {numbers} INSERT INTO sessions (token_hash, user, name, is_guest, away_since) SELECT lower(hex(randomblob(32))), 'u' || i, 'n' || i, 1, @at FROM n;
            {numbers} INSERT INTO client_ids (author, client_id, room, seq, at) SELECT 'u' || i, 's1', 2, i, @at FROM n;
            {numbers} INSERT INTO events (room, seq, kind, author, name, at, text) SELECT (SELECT id FROM rooms WHERE name = 'big'), i, 'message', 'u' || i, 'n', @at, 'text' FROM n;
            """,
            new { count, at }), default);
    }

    private static async Task RemoveAsync(TestStorage storage, string what)
    {
        var now = storage.Storage.Time.GetUtcNow();
        switch (what)
        {
            case "sessions":
                await storage.Identities.RemoveExpiredSessionsAsync(now, now, max: 1_000, default);
                break;
            case "guests":
                await storage.Storage.WriteAsync(writer => writer.Connection.Execute("DELETE FROM sessions"), default);
                await Retention.RemoveForgottenUsersAsync(storage.Storage, default);
                break;
            case "client ids":
                await Retention.RemoveClientIdsAsync(storage.Storage, default);
                break;
            default:
                await Retention.TrimEventsAsync(storage.Storage, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, default);
                break;
        }
    }
}
