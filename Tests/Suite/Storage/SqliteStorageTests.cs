using System.Runtime.Versioning;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Storage;

/// <summary>The storage keeps all data across restarts, and refuses to open a database that it cannot read.</summary>
public sealed class SqliteStorageTests
{
    [Test]
    public async Task Log_is_unchanged_after_a_restart()
    {
        using var storage = new TestStorage();
        var before = await storage.Log.OpenAsync("a", default);
        await storage.Log.AppendAsync("a", [CreateMessage("1", "x"), CreateMessage("2") with { Reply = 1, Me = true }, new(RoomEventKind.Topic, "ann", "ann", "be kind")], default);
        var stored = await storage.Log.ReadAfterAsync("a", 0, 10, 10_000, default);

        storage.Reopen();

        (await storage.Log.OpenAsync("A", default)).Should().Be(before with { Last = 3 });
        (await storage.Log.ReadAfterAsync("a", 0, 10, 10_000, default)).Should().Equal(stored);
        (await storage.Log.AppendAsync("a", [CreateMessage("1", "x")], default))[0].Should().Match<AppendResult>(entry => entry.IsDuplicate && entry.Seq == 1 && entry.At == stored[0].At);
        (await storage.Log.AppendAsync("a", [CreateMessage("4")], default))[0].Seq.Should().Be(4);
        (await storage.Catalog.FindRoomAsync("a", default))!.Topic.Should().Be("be kind");
    }

    [Test]
    public async Task Writer_continues_after_a_callback_fails_and_answers_the_other_writes_of_the_same_commit()
    {
        using var storage = new TestStorage();
        await storage.Log.OpenAsync("a", default);
        using var gate = new ManualResetEventSlim();
        var first = storage.Storage.WriteAsync(_ => gate.Wait(TestWait.Timeout), default).AsTask();
        var failing = storage.Storage.WriteAsync(_ => 1, default, onCommitted: _ => throw new InvalidOperationException("a fault of a callback, for the test")).AsTask();
        var other = storage.Log.AppendAsync("a", [CreateMessage("1")], default).AsTask();
        gate.Set();

        (await first.OrFail("the first write")).Should().BeTrue();
        await failing.Invoking(task => task.OrFail("the failing write")).Should().ThrowAsync<StorageException>();
        (await other.OrFail("the write of the same commit"))[0].Seq.Should().Be(1);
        (await storage.Log.AppendAsync("a", [CreateMessage("2")], default).AsTask().OrFail("a later write"))[0].Seq.Should().Be(2);
    }

    [Test]
    public async Task Truncation_of_the_write_ahead_log_keeps_the_busy_timeout_of_the_connection([Values] bool isRead, [Values(0, 1234)] int timeout)
    {
        using var storage = new TestStorage();
        await storage.Log.OpenAsync("a", default);
        using var writer = storage.Storage.OpenForWriting();
        using var reader = SqliteDatabase.OpenForReading(storage.Storage.File);
        writer.Execute($"PRAGMA busy_timeout = {timeout}");
        if (isRead)
            reader.Execute("BEGIN; SELECT COUNT(*) FROM rooms");
        writer.Execute("UPDATE rooms SET topic = 'for the log'");

        WriteAheadLog.TryTruncate(writer).Should().Be(!isRead);
        writer.ExecuteScalar<long>("PRAGMA busy_timeout").Should().Be(timeout);
    }

    [TestCase("")]
    [TestCase("\0\u0001 a NUL and \uD83D\uDE00 an emoji")]
    public async Task Text_is_unchanged_after_a_restart(string text)
    {
        using var storage = new TestStorage();
        await storage.Log.OpenAsync("a", default);
        await storage.Log.AppendAsync("a", [CreateMessage(text), .. CreateMessages(3_000)], default);
        await storage.Log.AppendAsync("a", [CreateMessage(text)], default);
        storage.Reopen();
        (await storage.Log.ReadAfterAsync("a", 0, 1, 10_000, default))[0].Content.Text.Should().Be(text);
    }

    [Test]
    public async Task Pages_of_two_rooms_are_complete_before_and_after_a_restart()
    {
        using var storage = new TestStorage();
        await storage.Log.OpenAsync("a", default);
        await storage.Log.OpenAsync("b", default);
        for (var i = 0; i < 60; i++)
        {
            await storage.Log.AppendAsync("a", CreateMessages(100), default);
            await storage.Log.AppendAsync("b", CreateMessages(10), default);
        }

        await CheckPagesAsync(storage.Log);
        storage.Reopen();
        await CheckPagesAsync(storage.Log);
        await storage.Log.AppendAsync("a", CreateMessages(50), default);
        GetSeqs(await storage.Log.ReadBeforeAsync("a", long.MaxValue, 100, 1_000_000, default)).Should().Equal(CreateRange(5_951, 100));
        GetSeqs(await storage.Log.ReadAfterAsync("a", 5_990, 100, 1_000_000, default)).Should().Equal(CreateRange(5_991, 60));
    }

    [Test]
    public async Task Client_id_is_found_among_many_ids_of_two_rooms()
    {
        using var storage = new TestStorage();
        await storage.Log.OpenAsync("a", default);
        await storage.Log.OpenAsync("b", default);
        await storage.Log.AppendAsync("a", [CreateMessage("first", "id")], default);
        for (var i = 0; i < 4; i++)
        {
            (await storage.Log.AppendAsync("b", [CreateMessage("again", "id")], default))[0].Should().Match<AppendResult>(entry => entry.IsDuplicate && entry.Room == "a" && entry.Seq == 1);
            (await storage.Log.AppendAsync("b", [CreateMessage("other", "ID")], default))[0].IsDuplicate.Should().Be(i > 0);
            await storage.Log.AppendAsync("a", [.. CreateMessages(3_000).Select((said, n) => said with { ClientId = $"{i}-{n}" })], default);
            if (i == 2)
                storage.Reopen();
        }
    }

    [Test]
    public async Task Events_and_client_ids_of_a_killed_server_are_read_from_the_write_ahead_log()
    {
        using var storage = new TestStorage();
        await storage.Log.OpenAsync("a", default);
        await storage.Log.OpenAsync("b", default);
        await Task.WhenAll(((string[])["a", "b"]).Select(room => storage.Log.AppendAsync(
            room, [.. CreateMessages(400).Select((said, i) => said with { Text = $"text {i}", ClientId = $"{room}{i}" }), CreateMessage("again", room + "0")], default).AsTask()));
        var stored = await storage.Log.ReadAfterAsync("b", 0, 400, int.MaxValue, default);

        using var next = storage.CopyAsAfterKill();
        (await next.Log.ReadAfterAsync("b", 0, 800, int.MaxValue, default)).Should().Equal(stored);
        (await next.Log.AppendAsync("a", [CreateMessage("again", "b399"), CreateMessage("new", "new")], default)).Select(entry => (entry.Room, entry.Seq))
            .Should().Equal(("b", 400), ("a", 401));
        next.Reopen();
        (await next.Log.ReadAfterAsync("b", 0, 800, int.MaxValue, default)).Should().Equal(stored);
    }

    // The events of the failed transaction are on the disk. This can happen if only the sync failed.
    [Test]
    public async Task Events_of_a_failed_transaction_are_removed_before_the_next_transaction()
    {
        using var storage = new TestStorage();
        await storage.Log.OpenAsync("a", default);
        await storage.Log.AppendAsync("a", [CreateMessage("stored", "1")], default);
        var failing = () => storage.Storage.WriteAsync<bool>(
            writer =>
            {
                writer.Events.Append(storage.Storage.Rooms.FindOpen("A")!, [CreateMessage("rejected", "2")]);
                writer.Connection.Execute("COMMIT");
                throw new StorageException("the sync failed");
            },
            default).AsTask();
        await failing.Should().ThrowAsync<StorageException>().WithMessage("the sync failed");

        (await storage.Log.AppendAsync("a", [CreateMessage("again", "2")], default))[0].Should().Match<AppendResult>(entry => !entry.IsDuplicate && entry.Seq == 2);
        (await storage.Log.ReadAfterAsync("a", 0, 10, 1_000, default)).Select(found => found.Content.Text).Should().Equal("stored", "again");
    }

    [Test]
    public async Task Client_id_can_be_used_again_after_ClientIdDays()
    {
        var time = new FakeTimeProvider();
        using var storage = new TestStorage(time);
        await storage.Log.OpenAsync("a", default);
        await storage.Log.AppendAsync("a", [CreateMessage("first", "id")], default);
        time.Advance(TimeSpan.FromDays(7) - TimeSpan.FromMilliseconds(1));
        (await storage.Log.AppendAsync("a", [CreateMessage("again", "id")], default))[0].Should().Match<AppendResult>(entry => entry.IsDuplicate && entry.Seq == 1);
        time.Advance(TimeSpan.FromMilliseconds(1));
        (await storage.Log.AppendAsync("a", [CreateMessage("new", "id")], default))[0].Should().Match<AppendResult>(entry => !entry.IsDuplicate && entry.Seq == 2);
        (await storage.Log.AppendAsync("a", [CreateMessage("again", "id")], default))[0].Should().Match<AppendResult>(entry => entry.IsDuplicate && entry.Seq == 2);
    }

    [Test]
    public async Task Concurrent_batches_store_one_event_for_each_client_id()
    {
        using var storage = new TestStorage();
        await storage.Log.OpenAsync("a", default);
        var entries = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => storage.Log.AppendAsync("a", [CreateMessage("x", $"{i % 20}")], default).AsTask()));
        entries.Count(entry => !entry[0].IsDuplicate).Should().Be(20);
        GetSeqs(await storage.Log.ReadAfterAsync("a", 0, 100, 10_000, default)).Should().Equal(CreateRange(1, 20));
    }

    [Test]
    public async Task Restart_with_a_lower_KeepEvents_hides_older_events()
    {
        using var storage = new TestStorage();
        await storage.Log.OpenAsync("a", default);
        await storage.Log.AppendAsync("a", CreateMessages(5_000), default);
        storage.Reopen(keepEvents: 100);
        (await storage.Log.OpenAsync("a", default)).Should().Match<RoomLogState>(state => state.First == 4_901 && state.Last == 5_000);
        GetSeqs(await storage.Log.ReadAfterAsync("a", 0, 200, 1_000_000, default)).Should().Equal(CreateRange(4_901, 100));
        GetSeqs(await storage.Log.ReadBeforeAsync("a", 4_911, 200, 1_000_000, default)).Should().Equal(CreateRange(4_901, 10));
    }

    [Test]
    public async Task Closed_storage_leaves_one_database_file()
    {
        using var storage = new TestStorage();
        await storage.Log.OpenAsync("a", default);
        await storage.Log.AppendAsync("a", CreateMessages(10), default);
        storage.Storage.Dispose();
        Directory.GetFiles(storage.Folder).Select(Path.GetFileName).Should().BeEquivalentTo("chat.db", "lock");
    }

    [Test]
    public void Second_storage_on_the_same_folder_is_refused()
    {
        using var storage = new TestStorage();
        var second = () => storage.OpenSecond();
        second.Should().Throw<StorageException>().WithMessage($"another server uses the folder \"{storage.Folder}\"*");
    }

    [Test]
    public void Database_of_a_newer_version_is_refused()
    {
        using var storage = new TestStorage();
        var newer = () =>
        {
            storage.Storage.Dispose();
            Execute(storage, "PRAGMA user_version = 99");
            storage.Reopen();
        };
        newer.Should().Throw<StorageException>().WithMessage("*newer version*99*");
    }

    [Test]
    public void Database_of_a_build_before_version_1_is_refused_and_unchanged()
    {
        using var storage = new TestStorage();
        storage.Storage.Dispose();
        File.Delete(Path.Combine(storage.Folder, DataFolder.DatabaseName));
        Execute(storage, "CREATE TABLE blocks (id INTEGER PRIMARY KEY); PRAGMA user_version = 6");
        var opening = () => storage.Reopen();
        opening.Should().Throw<StorageException>().WithMessage("*is no database of this server, or was written by a build before version 1*\"export\" command*");
        Execute(storage, "SELECT id FROM blocks");
    }

    // The same database connection reads the other rooms after a failed read.
    [Test]
    public async Task Damaged_event_of_one_room_does_not_affect_other_rooms()
    {
        using var storage = new TestStorage();
        foreach (var room in (string[])["a", "b"])
        {
            await storage.Log.OpenAsync(room, default);
            await storage.Log.AppendAsync(room, [.. CreateMessages(300).Select(said => said with { Text = room })], default);
        }

        Execute(storage, "UPDATE events SET kind = 'nonsense' WHERE room = 1 AND seq = 100");
        for (var i = 0; i < 6; i++)
        {
            var reading = () => storage.Log.ReadAfterAsync("a", 90, 50, 10_000, default).AsTask();
            (await reading.Should().ThrowAsync<StorageException>()).Which.IsDamage.Should().BeTrue();
            (await storage.Log.ReadAfterAsync("b", 0, 50, 10_000, default)).Should().HaveCount(50).And.OnlyContain(found => found.Content.Text == "b");
            (await storage.Log.ReadAfterAsync("a", 100, 50, 10_000, default)).Should().HaveCount(50).And.OnlyContain(found => found.Seq > 100);
        }

        (await storage.Log.AppendAsync("a", [CreateMessage("other")], default))[0].Seq.Should().Be(301, "the writer still works");
    }

    [Test]
    public async Task Concurrent_commits_of_many_rooms_keep_each_log_without_a_hole()
    {
        using var storage = new TestStorage();
        var rooms = Enumerable.Range(0, 50).Select(i => $"r{i}").ToList();
        foreach (var room in rooms)
            await storage.Log.OpenAsync(room, default);
        await Task.WhenAll(rooms.Select(async room =>
        {
            for (var i = 0; i < 20; i++)
                await storage.Log.AppendAsync(room, CreateMessages(i), default);
        }));
        foreach (var room in rooms)
            GetSeqs(await storage.Log.ReadAfterAsync(room, 0, 1_000, int.MaxValue, default)).Should().Equal(CreateRange(1, 190));
    }

    [Test]
    public async Task Write_ahead_log_stays_below_its_maximum_while_another_program_reads_an_old_snapshot()
    {
        using var storage = new TestStorage(maxWalMegabytes: 2);
        await storage.Log.OpenAsync("a", default);
        await storage.Log.AppendAsync("a", CreateMessages(10), default);
        var walFile = new FileInfo(Path.Combine(storage.Folder, DataFolder.DatabaseName + "-wal"));
        var stored = 10L;
        using (var connection = OpenConnection(storage))
        {
            Execute(connection, "BEGIN; SELECT COUNT(*) FROM events");
            StorageException? rejection = null;
            while (rejection is null)
            {
                try
                {
                    stored += (await storage.Log.AppendAsync("a", CreateMessages(1_000), default)).Count;
                }
                catch (StorageException fault)
                {
                    rejection = fault;
                }

                walFile.Refresh();
                walFile.Length.Should().BeLessThan(3 * 1024 * 1024);
            }

            rejection.Message.Should().Contain("Data:MaxWalMegabytes").And.Contain("end that program");
        }

        // The reader has ended, so the next attempt empties the log.
        (await storage.Log.AppendAsync("a", [CreateMessage("back")], default))[0].Seq.Should().Be(stored + 1);
    }

    [Test]
    [SupportedOSPlatform("linux")]
    public void Only_the_owner_can_read_the_database_files()
    {
        using var storage = new TestStorage();
        foreach (var file in Directory.GetFiles(storage.Folder, "chat.db*"))
            File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
    }

    [Test]
    [SupportedOSPlatform("linux")]
    public void Only_the_owner_can_read_a_created_data_folder()
    {
        using var parent = new TemporaryFolder();
        using (DataFolder.Lock(Path.Combine(parent.Path, "deep", "down")))
        {
            File.GetUnixFileMode(Path.Combine(parent.Path, "deep", "down"))
                .Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Test]
    public async Task Server_logs_unreadable_data_once_in_ten_minutes_for_each_kind_of_data()
    {
        using var folder = new TemporaryFolder();
        var time = new FakeTimeProvider();
        var log = new RecordedLog(LogLevel.Error);
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(log));
        using var storage = new SqliteStorage(Options.Create(new DataOptions { Path = folder.Path }), time, loggers.CreateLogger<SqliteStorage>());

        await FailAsync("the accounts");
        await FailAsync("the accounts");
        await FailAsync("the rooms");
        time.Advance(TimeSpan.FromMinutes(9));
        await FailAsync("the accounts");
        log.Lines.Should().HaveCount(2).And.OnlyContain(line => line.Contains("cannot read"));

        time.Advance(TimeSpan.FromMinutes(2));
        await FailAsync("the accounts");
        log.Lines.Should().HaveCount(3);

        async Task FailAsync(string what)
        {
            Func<Task> read = async () => await storage.ReadAsync<int>(what, _ => throw new StorageException("damaged"), default);
            await read.Should().ThrowAsync<StorageException>();
        }
    }

    private static void Execute(TestStorage storage, string sql)
    {
        using var connection = OpenConnection(storage);
        Execute(connection, sql);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static SqliteConnection OpenConnection(TestStorage storage)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(storage.Folder, DataFolder.DatabaseName)};Pooling=False");
        connection.Open();
        return connection;
    }

    private static async Task CheckPagesAsync(IRoomLog log)
    {
        for (var after = 0L; after <= 6_000; after += 97)
        {
            GetSeqs(await log.ReadAfterAsync("a", after, 150, 1_000_000, default)).Should().Equal(CreateRange(after + 1, (int)Math.Min(150, 6_000 - after)));
            GetSeqs(await log.ReadBeforeAsync("a", after, 150, 1_000_000, default)).Should().Equal(CreateRange(Math.Max(1, after - 150), (int)Math.Min(150, Math.Max(0, after - 1))));
            GetSeqs(await log.ReadAfterAsync("a", after, 150, 35, default)).Should().Equal(CreateRange(after + 1, (int)Math.Min(3, 6_000 - after)));
        }
    }

    private static IEnumerable<long> CreateRange(long from, int count) => Enumerable.Range(0, count).Select(i => from + i);

    private static IEnumerable<long> GetSeqs(IReadOnlyList<RoomEvent> page) => page.Select(found => found.Seq);

    private static NewEvent[] CreateMessages(int count) => [.. Enumerable.Range(0, count).Select(_ => CreateMessage("0123456789"))];

    private static NewEvent CreateMessage(string text, string? id = null) => new(RoomEventKind.Message, "ann", "ann", text, ClientId: id);
}
