using System.Diagnostics;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Storage;

/// <summary>Tests of PostgreSQL that the contracts do not contain: the lock, faults of the database, and commits with an unknown outcome.</summary>
[Category(Categories.Slow)] // runs PostgreSQL
[Parallelizable(ParallelScope.Self)]
public sealed class PostgresStorageTests
{
    [Test]
    public async Task Second_server_cannot_use_the_same_database()
    {
        using var storage = new PostgresTestStorage();
        var second = () => new PostgresTestStorage(connectionString: storage.ConnectionString);
        second.Should().Throw<StorageException>().Which.Message.Should().StartWith("another server uses the PostgreSQL database \"chat").And.EndWith("stop that server, or use another database for this one");
        await storage.Log.OpenAsync("a", default);
    }

    [TestCase(true, false)]
    [TestCase(false, true)]
    public void Servers_with_and_without_the_setting_for_several_servers_cannot_share_a_database(bool first, bool second)
    {
        using var storage = new PostgresTestStorage(nodes: first);
        var open = () => new PostgresTestStorage(connectionString: storage.ConnectionString, nodes: second);
        open.Should().Throw<StorageException>().WithMessage("another server uses the PostgreSQL database *--Data:Nodes true*");
    }

    [TestCase("Host=127.0.0.1;Port=1;Database=chat;Username=chat;Password=s3cret", "the PostgreSQL database \"chat\" on 127.0.0.1:1 cannot be reached: *")]
    [TestCase("Host=127.0.0.1,127.0.0.2;Port=1;Database=chat;Username=chat;Password=s3cret", "the PostgreSQL database \"chat\" on 127.0.0.1,127.0.0.2 cannot be reached: *")]
    public void Error_about_an_unreachable_database_names_the_database_and_not_the_password(string connectionString, string expected)
    {
        var open = () => new PostgresTestStorage(connectionString: connectionString);
        open.Should().Throw<StorageException>().WithMessage(expected).Which.ToString().Should().NotContain("s3cret");
    }

    [Test]
    public async Task Primary_is_found_among_several_hosts()
    {
        var postgres = await PostgresServer.Shared;
        var name = new NpgsqlConnectionStringBuilder(await PostgresServer.CreateDatabaseAsync()).Database;
        using var storage = new PostgresTestStorage(connectionString: $"Host=127.0.0.1:1,127.0.0.1:{postgres.Port};Username=chat;Database={name}");
        await storage.Log.OpenAsync("a", default);
        (await storage.Log.AppendAsync("a", [Message("x", "1")], default))[0].Seq.Should().Be(1);
        (await storage.Log.ReadAfterAsync("a", 0, 10, 1_000, default)).Should().HaveCount(1);
    }

    [Test]
    public async Task Error_about_a_missing_database_names_the_database()
    {
        var postgres = await PostgresServer.Shared;
        var open = () => new PostgresTestStorage(connectionString: postgres.GetConnectionString("nothing"));
        open.Should().Throw<StorageException>().WithMessage("the PostgreSQL database \"nothing\" on *: there is no such database; create it with: createdb");
    }

    [Test]
    public async Task Database_of_another_program_is_not_changed()
    {
        var postgres = await PostgresServer.Shared;
        var connectionString = await postgres.CreateDatabaseAsync();
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.ExecuteAsync("CREATE TABLE users (id INTEGER)");
        var open = () => new PostgresTestStorage(connectionString: connectionString);
        open.Should().Throw<StorageException>().WithMessage("*the database has tables of another program; use an empty database");
        (await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'")).Should().Be(1);
    }

    [Test]
    public async Task Page_of_a_large_room_is_read_quickly_with_a_plan_from_the_time_when_the_room_was_small()
    {
        using var storage = new PostgresTestStorage();
        await storage.Log.OpenAsync("a", default);
        await using (var connection = new NpgsqlConnection(storage.ConnectionString + ";Pooling=false"))
            await connection.ExecuteAsync("ALTER TABLE events SET (autovacuum_enabled = false)");
        await storage.Log.AppendAsync("a", [Message("x", "0")], default);
        // PostgreSQL plans each of the first executions of a prepared statement separately. After that, it keeps a plan.
        for (var i = 0; i < 50; i++)
            await storage.Log.ReadAfterAsync("a", 0, 10, 1_000, default);
        for (var i = 1; i <= 20; i++)
            await storage.Log.AppendAsync("a", [.. Enumerable.Range(0, 1_000).Select(j => Message("x", $"{i}.{j}"))], default);

        // A plan that compares each event of the page with each event of the room takes several seconds.
        var read = storage.Log.ReadAfterAsync("a", 0, 2_000, int.MaxValue, default).AsTask();
        (await read.WaitAsync(TimeSpan.FromSeconds(3))).Should().HaveCount(2_000);
    }

    [Test]
    public async Task Events_of_one_commit_may_refer_to_each_other()
    {
        using var storage = new PostgresTestStorage();
        await storage.Log.OpenAsync("a", default);
        var results = await storage.Log.AppendAsync(
            "a",
            [
                Message("one", "1") with { Mentions = ["bob"] },
                Message("one", "1"),
                new NewEvent(RoomEventKind.Reacted, "bob", "bob", "") { Of = 1, Emoji = "👍" },
                new NewEvent(RoomEventKind.Reacted, "eve", "eve", "") { Of = 1, Emoji = "👍" },
                new NewEvent(RoomEventKind.Reacted, "bob", "bob", "") { Of = 1, Emoji = "👍", Off = true },
                new NewEvent(RoomEventKind.Edited, "ann", "ann", "two") { Of = 1, Mentions = ["eve"] },
                Message("three", "3"),
                new NewEvent(RoomEventKind.Deleted, "ann", "ann", "") { Of = 6 },
                new NewEvent(RoomEventKind.Topic, "ann", "ann", "news"),
            ],
            default);

        results.Select(result => (result.Seq, result.IsDuplicate)).Should().Equal((1, false), (1, true), (2, false), (3, false), (4, false), (5, false), (6, false), (7, false), (8, false));
        storage.Reopen();
        var events = await storage.Log.ReadAfterAsync("a", 0, 10, 10_000, default);
        events.Select(found => found.Content.Text).Should().Equal("two", "", "", "", "two", "", "", "news");
        events[0].Reactions.Should().Equal(new StoredReaction("👍", "eve", "eve"));
        events[5].IsDeleted.Should().BeTrue();
        (await storage.Catalog.FindRoomAsync("a", default))!.Topic.Should().Be("news");
        var mentions = await storage.Storage.ReadAsync("the mentions", reader => reader.Connection.Query<string>("SELECT m.user FROM mentions m").AsList(), default);
        mentions.Should().Equal("eve");
    }

    [Test]
    public async Task Append_of_many_events_needs_only_two_requests()
    {
        using var storage = new PostgresTestStorage();
        await storage.Log.OpenAsync("a", default);
        await storage.Log.AppendAsync("a", [Message("first", "first")], default);
        using var requests = new RequestCounter(storage.ConnectionString);
        await storage.Log.AppendAsync("a", [.. Enumerable.Range(0, 500).Select(i => Message($"text {i}", $"{i}"))], default);
        requests.Count.Should().Be(2, "the first request reads, and the second request writes and commits");
    }

    [Test]
    public async Task Characters_that_PostgreSQL_cannot_store_are_replaced_and_all_messages_are_stored()
    {
        using var storage = new PostgresTestStorage();
        await storage.Log.OpenAsync("a", default);
        await storage.Log.AppendAsync("a", [Message("zero \0", "\0"), Message("lone \ud800 surrogate 👍 it's \\", "2")], default);
        (await storage.Log.ReadAfterAsync("a", 0, 10, 10_000, default)).Select(found => found.Content.Text).Should().Equal("zero \uFFFD", "lone \uFFFD surrogate 👍 it's \\");
    }

    [Test]
    public async Task Messages_are_stored_once_when_the_connection_breaks_at_different_bytes_of_an_answer()
    {
        var postgres = await PostgresServer.Shared;
        await using var relay = new CuttableRelay(postgres.Port);
        var name = new NpgsqlConnectionStringBuilder(await PostgresServer.CreateDatabaseAsync()).Database;
        using var storage = new PostgresTestStorage(connectionString: $"Host=127.0.0.1;Port={relay.Port};Username=chat;Database={name}");
        await storage.Log.OpenAsync("a", default);
        var acknowledged = new List<(string Text, long Seq)>();
        // PostgreSQL answers a commit with about 250 bytes.
        for (var (bytes, number) = (0, 0); bytes < 300; bytes += 11)
        {
            var text = $"text {++number}";
            relay.ResetAfter(bytes);
            try
            {
                acknowledged.Add((text, (await storage.Log.AppendAsync("a", [Message(text, text)], default))[0].Seq));
            }
            catch (StorageException)
            {
                // The client gets an error, and sends the message again with the same client id.
            }

            await TestWait.UntilAsync(
                async () =>
                {
                    try
                    {
                        acknowledged.Add((text, (await storage.Log.AppendAsync("a", [Message(text, text)], default))[0].Seq));
                        return true;
                    }
                    catch (StorageException)
                    {
                        return false;
                    }
                },
                "the storage to work again");
        }

        relay.Cuts.Should().BeGreaterThan(15);
        var stored = new List<RoomEvent>();
        while (await storage.Log.ReadAfterAsync("a", stored.Count, 100, 100_000, default) is { Count: > 0 } page)
            stored.AddRange(page);
        stored.Select(found => found.Seq).Should().Equal(Enumerable.Range(1, stored.Count).Select(seq => (long)seq));
        stored.Select(found => found.Content.Text).Should().OnlyHaveUniqueItems();
        acknowledged.Should().OnlyContain(ack => stored[(int)ack.Seq - 1].Content.Text == ack.Text);
    }

    [Test]
    public async Task Storage_works_again_after_the_database_was_unreachable()
    {
        var postgres = await PostgresServer.Shared;
        await using var relay = new CuttableRelay(postgres.Port);
        var name = new NpgsqlConnectionStringBuilder(await PostgresServer.CreateDatabaseAsync()).Database;
        using var storage = new PostgresTestStorage(connectionString: $"Host=127.0.0.1;Port={relay.Port};Username=chat;Database={name}");
        await storage.Log.OpenAsync("a", default);
        await storage.Log.AppendAsync("a", [Message("before", "1")], default);
        relay.IsDown = true;
        relay.Reset();
        var append = async () => await storage.Log.AppendAsync("a", [Message("lost", "2")], default);
        (await append.Should().ThrowAsync<StorageException>()).WithMessage("*cannot be reached*");
        storage.Storage.IsFailing.Should().BeTrue();
        var read = async () => await storage.Log.ReadAfterAsync("a", 0, 10, 10_000, default);
        await read.Should().ThrowAsync<StorageException>();

        relay.IsDown = false;
        await TestWait.UntilAsync(
            async () =>
            {
                try
                {
                    await storage.Log.AppendAsync("a", [Message("after", "3")], default);
                    return true;
                }
                catch (StorageException)
                {
                    return false;
                }
            },
            "the storage to work again");
        (await read()).Select(found => found.Content.Text).Should().Equal("before", "after");
    }

    [Test]
    public async Task Storage_fails_and_changes_the_epochs_of_the_affected_rooms_if_the_database_has_lost_acknowledged_commits()
    {
        using var storage = new PostgresTestStorage();
        var (epoch, quiet) = ((await storage.Log.OpenAsync("a", default)).Epoch, (await storage.Log.OpenAsync("quiet", default)).Epoch);
        await storage.Log.AppendAsync("a", [Message("kept", "1"), Message("lost", "2")], default);
        // Change the database to the state of a standby that is one commit behind.
        await using var connection = new NpgsqlConnection(storage.ConnectionString + ";Pooling=false");
        await connection.ExecuteAsync("UPDATE writer SET commits = commits - 1; DELETE FROM events WHERE seq = 2; SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
        var append = async () => await storage.Log.AppendAsync("a", [Message("next", "3")], default);
        (await append.Should().ThrowAsync<StorageException>()).WithMessage("*has lost the last 1 acknowledged commits*");
        storage.Reopen();
        (await storage.Log.OpenAsync("a", default)).Should().Match<RoomLogState>(state => state.Epoch != epoch && state.Last == 1);
        (await storage.Log.OpenAsync("quiet", default)).Epoch.Should().Be(quiet);
    }

    [Test]
    public async Task Old_events_are_removed_by_age()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero));
        using var storage = new PostgresTestStorage(time, keepDays: 6);
        await storage.Log.OpenAsync("a", default);
        await storage.Log.AppendAsync("a", [.. Enumerable.Range(0, 3_000).Select(i => Message($"old {i}", $"{i}"))], default);
        time.Advance(TimeSpan.FromDays(8));
        await storage.Log.AppendAsync("a", [Message("young", "young")], default);
        await Retention.TrimEventsAsync(storage.Storage, NullLogger.Instance, default);
        await Retention.RemoveClientIdsAsync(storage.Storage, default);
        storage.Reopen();
        (await storage.Log.OpenAsync("a", default)).Should().Match<RoomLogState>(state => state.First == 3_001 && state.Last == 3_001);
        var left = await storage.Storage.ReadAsync(
            "the rows", reader => (reader.Connection.ExecuteScalar<long>("SELECT COUNT(*) FROM events"), reader.Connection.ExecuteScalar<long>("SELECT COUNT(*) FROM client_ids")), default);
        left.Should().Be((1, 1));
    }

    private static NewEvent Message(string text, string id) => new(RoomEventKind.Message, "ann", "ann", text, ClientId: id);

    /// <summary>Counts the requests that the driver sends to a database. A batch of statements is one request.</summary>
    private sealed class RequestCounter : IDisposable
    {
        private readonly ActivityListener _listener;
        private int _count;

        public RequestCounter(string connectionString)
        {
            var database = new NpgsqlConnectionStringBuilder(connectionString).Database;
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == "Npgsql",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = activity =>
                {
                    if (activity.TagObjects.Any(tag => Equals(tag.Value, database)))
                        Interlocked.Increment(ref _count);
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public int Count => _count;

        public void Dispose() => _listener.Dispose();
    }
}
