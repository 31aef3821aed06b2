using System.Runtime.Versioning;
using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Storage;

/// <summary>What the database keeps over the end of a server, and what it refuses to open.</summary>
public sealed class SqliteStorageTests
{
    [Test]
    public async Task A_log_is_the_same_after_the_server_came_back()
    {
        using var storage = new OpenStorage();
        var before = await storage.Log.OpenAsync("a", default);
        await storage.Log.AppendAsync("a", [Said("1", "x"), Said("2") with { Reply = 1, Me = true }, new(RoomEventKind.Topic, "ann", "ann", "be kind")], default);
        var told = await storage.Log.ReadAfterAsync("a", 0, 10, 10_000, default);

        storage.Reopen();

        (await storage.Log.OpenAsync("A", default)).Should().Be(before with { Last = 3 });
        (await storage.Log.ReadAfterAsync("a", 0, 10, 10_000, default)).Should().Equal(told);
        (await storage.Log.AppendAsync("a", [Said("1", "x")], default))[0].Should().Match<Appended>(entry => entry.IsDuplicate && entry.Seq == 1 && entry.At == told[0].At);
        (await storage.Log.AppendAsync("a", [Said("4")], default))[0].Seq.Should().Be(4);
        (await storage.Catalog.LoadRoomsAsync(default)).Should().ContainSingle().Which.Topic.Should().Be("be kind");
    }

    [TestCase("")]
    [TestCase("\0\u0001 a NUL and \uD83D\uDE00 an emoji")]
    public async Task A_text_comes_back_as_it_was_said(string text)
    {
        using var storage = new OpenStorage();
        await storage.Log.OpenAsync("a", default);
        await storage.Log.AppendAsync("a", [Said(text), .. Many(3_000)], default);
        await storage.Log.AppendAsync("a", [Said(text)], default);
        storage.Reopen();
        (await storage.Log.ReadAfterAsync("a", 0, 1, 10_000, default))[0].Content.Text.Should().Be(text);
    }

    // Events are first in the journal and then in blocks; a page may lie in one, in the other and in both.
    [Test]
    public async Task Pages_are_whole_wherever_their_events_stand()
    {
        using var storage = new OpenStorage();
        await storage.Log.OpenAsync("a", default);
        await storage.Log.OpenAsync("b", default);
        for (var i = 0; i < 60; i++)
        {
            await storage.Log.AppendAsync("a", Many(100), default);
            await storage.Log.AppendAsync("b", Many(10), default);
        }

        await CheckPagesAsync(storage.Log);
        storage.Reopen();
        await CheckPagesAsync(storage.Log);
        await storage.Log.AppendAsync("a", Many(50), default);
        Seqs(await storage.Log.ReadBeforeAsync("a", long.MaxValue, 100, 1_000_000, default)).Should().Equal(Range(5_951, 100));
        Seqs(await storage.Log.ReadAfterAsync("a", 5_990, 100, 1_000_000, default)).Should().Equal(Range(5_991, 60));
    }

    [Test]
    public async Task A_client_id_is_known_wherever_its_event_stands()
    {
        using var storage = new OpenStorage();
        await storage.Log.OpenAsync("a", default);
        await storage.Log.OpenAsync("b", default);
        await storage.Log.AppendAsync("a", [Said("first", "id")], default);
        for (var i = 0; i < 4; i++)
        {
            (await storage.Log.AppendAsync("b", [Said("again", "id")], default))[0].Should().Match<Appended>(entry => entry.IsDuplicate && entry.Room == "a" && entry.Seq == 1);
            (await storage.Log.AppendAsync("b", [Said("other", "ID")], default))[0].IsDuplicate.Should().Be(i > 0);
            await storage.Log.AppendAsync("a", [.. Many(3_000).Select((said, n) => said with { ClientId = $"{i}-{n}" })], default);
            if (i == 2)
                storage.Reopen();
        }
    }

    // The large ones make rows of the journal that hold one batch in parts.
    [TestCase(400, 20)]
    [TestCase(450, 4_000)]
    public async Task What_a_killed_server_had_in_the_journal_is_there_and_known_by_its_ids(int count, int characters)
    {
        using var storage = new OpenStorage();
        await storage.Log.OpenAsync("a", default);
        await storage.Log.OpenAsync("b", default);
        await Task.WhenAll(((string[])["a", "b"]).Select(room => storage.Log.AppendAsync(
            room, [.. Many(count).Select((said, i) => said with { Text = new string('x', characters) + i, ClientId = $"{room}{i}" }), Said("again", room + "0")], default).AsTask()));
        var told = await storage.Log.ReadAfterAsync("b", 0, count, int.MaxValue, default);
        storage.Storage.State.Unsettled.Should().Be(2 * count, "that is what this is about");

        using var next = storage.AfterAKill();
        (await next.Log.ReadAfterAsync("b", 0, 2 * count, int.MaxValue, default)).Should().Equal(told);
        (await next.Log.AppendAsync("a", [Said("again", $"b{count - 1}"), Said("new", "new")], default)).Select(entry => (entry.Room, entry.Seq))
            .Should().Equal(("b", count), ("a", count + 1));
        next.Reopen();
        (await next.Log.ReadAfterAsync("b", 0, 2 * count, int.MaxValue, default)).Should().Equal(told);
    }

    [Test]
    public async Task Two_batches_of_one_room_and_one_id_at_once_store_it_once()
    {
        using var storage = new OpenStorage();
        await storage.Log.OpenAsync("a", default);
        var entries = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => storage.Log.AppendAsync("a", [Said("x", $"{i % 20}")], default).AsTask()));
        entries.Count(entry => !entry[0].IsDuplicate).Should().Be(20);
        Seqs(await storage.Log.ReadAfterAsync("a", 0, 100, 10_000, default)).Should().Equal(Range(1, 20));
    }

    [Test]
    public async Task Fewer_are_kept_after_a_start_that_says_so()
    {
        using var storage = new OpenStorage();
        await storage.Log.OpenAsync("a", default);
        await storage.Log.AppendAsync("a", Many(5_000), default);
        storage.Reopen(keepEvents: 100);
        (await storage.Log.OpenAsync("a", default)).Should().Match<RoomLogState>(state => state.First == 4_901 && state.Last == 5_000);
        Seqs(await storage.Log.ReadAfterAsync("a", 0, 200, 1_000_000, default)).Should().Equal(Range(4_901, 100));
        Seqs(await storage.Log.ReadBeforeAsync("a", 4_911, 200, 1_000_000, default)).Should().Equal(Range(4_901, 10));
    }

    [Test]
    public async Task A_server_that_ended_in_order_leaves_one_file_with_all_in_it()
    {
        using var storage = new OpenStorage();
        await storage.Log.OpenAsync("a", default);
        await storage.Log.AppendAsync("a", Many(10), default);
        storage.Storage.Dispose();
        Directory.GetFiles(storage.Folder).Select(Path.GetFileName).Should().BeEquivalentTo("chat.db", "lock");
    }

    [Test]
    public void A_second_server_on_the_same_folder_is_refused_in_one_line()
    {
        using var storage = new OpenStorage();
        var second = () => storage.OpenAnother();
        second.Should().Throw<StorageException>().WithMessage($"another server uses the folder \"{storage.Folder}\"*");
    }

    [Test]
    public void What_a_newer_version_wrote_is_refused_in_one_line()
    {
        using var storage = new OpenStorage();
        var newer = () =>
        {
            storage.Storage.Dispose();
            Execute(storage, "PRAGMA user_version = 99");
            storage.Reopen();
        };
        newer.Should().Throw<StorageException>().WithMessage("*newer version*99*");
    }

    // What ends a reading in its middle ends no other: the connection that read it serves them.
    [Test]
    public async Task A_damaged_block_of_one_room_is_nobody_elses()
    {
        using var storage = new OpenStorage();
        foreach (var room in (string[])["a", "b"])
        {
            await storage.Log.OpenAsync(room, default);
            await storage.Log.AppendAsync(room, [.. Many(2_000).Select(said => said with { Text = room, ClientId = $"{Guid.NewGuid()}" })], default);
        }

        await Patience.UntilAsync(() => storage.Storage.State.Unsettled == 0, () => "all to settle");
        var damaged = (await storage.Log.ReadAfterAsync("a", 99, 1, 1_000, default))[0].Content;
        Execute(storage, "UPDATE blocks SET events = CAST(events || 'x' AS BLOB) WHERE id = (1 << 40 | 1)");
        var sound = SeqAfterFirstBlock(storage);

        for (var i = 0; i < 6; i++)
        {
            var reading = () => storage.Log.ReadAfterAsync("a", 90, 50, 10_000, default).AsTask();
            (await reading.Should().ThrowAsync<StorageException>()).Which.IsDamage.Should().BeTrue();
            (await storage.Log.ReadAfterAsync("b", 0, 50, 10_000, default)).Should().HaveCount(50).And.OnlyContain(found => found.Content.Text == "b");
            (await storage.Log.ReadAfterAsync("a", sound - 1, 50, 10_000, default)).Should().HaveCount(50).And.OnlyContain(found => found.Seq >= sound);
        }

        (await storage.Log.AppendAsync("b", [damaged with { Text = "again" }, Said("other")], default)).Select(entry => entry.IsDuplicate)
            .Should().Equal([true, false], "the writer goes on");
    }

    // More in one piece than settles at once.
    [Test]
    public async Task Batches_larger_than_what_settles_at_once_settle_all_the_same()
    {
        using var storage = new OpenStorage();
        await storage.Log.OpenAsync("a", default);
        for (var i = 0; i < 20; i++)
            await storage.Log.AppendAsync("a", Many(12_000), default);
        storage.Storage.State.Unsettled.Should().BeLessThan(40_000);
        Seqs(await storage.Log.ReadBeforeAsync("a", long.MaxValue, 3, 10_000, default)).Should().Equal(239_998, 239_999, 240_000);
    }

    [Test]
    [SupportedOSPlatform("linux")]
    public void A_database_is_its_owners_alone_in_any_folder()
    {
        using var storage = new OpenStorage();
        foreach (var file in Directory.GetFiles(storage.Folder, "chat.db*"))
            File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
    }

    [Test]
    [SupportedOSPlatform("linux")]
    public void A_folder_that_is_made_is_its_owners_alone()
    {
        using var parent = new TemporaryFolder();
        using (DataFolder.Take(Path.Combine(parent.Path, "deep", "down")))
        {
            File.GetUnixFileMode(Path.Combine(parent.Path, "deep", "down"))
                .Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static void Execute(OpenStorage storage, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(storage.Folder, DataFolder.DatabaseName)};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static long SeqAfterFirstBlock(OpenStorage storage)
    {
        using var database = Database.OpenForReading(Path.Combine(storage.Folder, DataFolder.DatabaseName));
        using var row = database.Prepare("SELECT count + 1 FROM blocks WHERE id = (1 << 40 | 1)");
        row.Step();
        return row.Number(0);
    }

    private static async Task CheckPagesAsync(IRoomLog log)
    {
        for (var after = 0L; after <= 6_000; after += 97)
        {
            Seqs(await log.ReadAfterAsync("a", after, 150, 1_000_000, default)).Should().Equal(Range(after + 1, (int)Math.Min(150, 6_000 - after)));
            Seqs(await log.ReadBeforeAsync("a", after, 150, 1_000_000, default)).Should().Equal(Range(Math.Max(1, after - 150), (int)Math.Min(150, Math.Max(0, after - 1))));
            Seqs(await log.ReadAfterAsync("a", after, 150, 35, default)).Should().Equal(Range(after + 1, (int)Math.Min(3, 6_000 - after)));
        }
    }

    private static IEnumerable<long> Range(long from, int count) => Enumerable.Range(0, count).Select(i => from + i);

    private static IEnumerable<long> Seqs(IReadOnlyList<RoomEvent> page) => page.Select(found => found.Seq);

    private static NewEvent[] Many(int count) => [.. Enumerable.Range(0, count).Select(_ => Said("0123456789"))];

    private static NewEvent Said(string text, string? id = null) => new(RoomEventKind.Message, "ann", "ann", text, ClientId: id);
}
