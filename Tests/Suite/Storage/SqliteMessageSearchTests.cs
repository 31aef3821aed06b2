using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Search;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Server.Storage.Sql.Maintenance;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Storage.Sqlite.Maintenance;
using RawSocketChat.Tests.Contracts;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Storage;

public sealed class SqliteMessageSearchTests : MessageSearchContract
{
    private readonly List<TestStorage> _storages = [];

    [TearDown]
    public void Close()
    {
        _storages.ForEach(storage => storage.Dispose());
        _storages.Clear();
    }

    [Test]
    public async Task Index_survives_a_restart()
    {
        var storage = await CreateAsync();
        await storage.Log.AppendAsync("a", [CreateMessage("before"), CreateMessage("secret")], default);
        await IndexAsync(storage);
        storage.Reopen();
        await storage.Log.AppendAsync("a", [CreateMessage("after"), new NewEvent(RoomEventKind.Deleted, "ann", "ann", "") { Of = 2 }], default);
        (await FindAsync(storage, "before")).Should().Equal(1);
        (await FindAsync(storage, "after")).Should().Equal(3);
        (await FindAsync(storage, "secret")).Should().BeEmpty();
    }

    [Test]
    public async Task Data_folder_does_not_contain_the_words_of_deleted_and_edited_messages()
    {
        var storage = await CreateAsync();
        var random = new Random(7);
        var (kept, removed) = (new List<string>(), new List<string>());
        for (var i = 0; i < 60; i++)
        {
            // Each run of the indexer adds a segment to the index. From time to time, the index merges its segments.
            var words = Enumerable.Range(0, 20).Select(_ => CreateWord(random)).ToList();
            await storage.Log.AppendAsync("a", [.. words.Select(word => CreateMessage($"the {word} of"))], default);
            await IndexAsync(storage);
            var first = (await storage.Log.OpenAsync("a", default)).Last - 19;
            await storage.Log.AppendAsync(
                "a",
                [
                    .. Enumerable.Range(0, 5).Select(n => new NewEvent(RoomEventKind.Deleted, "ann", "ann", "") { Of = first + (4 * n) }),
                    .. Enumerable.Range(0, 5).Select(n => new NewEvent(RoomEventKind.Edited, "ann", "ann", "changed") { Of = first + (4 * n) + 1 }),
                ],
                default);
            foreach (var (index, word) in words.Index())
                (index % 4 < 2 ? removed : kept).Add(word);
        }

        ShouldHaveNoWords(storage, removed, kept);
        (await FindAsync(storage, removed[0])).Should().BeEmpty();
        (await FindAsync(storage, kept[0])).Should().HaveCount(1);
    }

    [Test]
    public async Task Data_folder_does_not_contain_the_words_of_trimmed_messages()
    {
        var storage = await CreateAsync(keepEvents: 10);
        var random = new Random(8);
        var words = Enumerable.Range(0, 300).Select(_ => CreateWord(random)).ToList();
        foreach (var word in words)
        {
            await storage.Log.AppendAsync("a", [CreateMessage(word)], default);
            await IndexAsync(storage);
        }

        await Retention.TrimEventsAsync(storage.Storage, NullLogger.Instance, default);
        ShouldHaveNoWords(storage, words[..290], words[290..]);
    }

    [Test]
    public async Task Data_folder_does_not_contain_the_words_of_a_removed_room()
    {
        var storage = await CreateAsync();
        var random = new Random(9);
        var words = Enumerable.Range(0, 300).Select(_ => CreateWord(random)).ToList();
        await storage.Log.AppendAsync("a", [.. words.Select(CreateMessage)], default);
        await IndexAsync(storage);
        await storage.Catalog.RemoveRoomAsync("a", default);
        await storage.Catalog.EraseRemovedAsync(default);
        ShouldHaveNoWords(storage, words, []);
    }

    [Test]
    public async Task Message_that_changes_before_it_is_indexed_is_found_by_its_new_text_only()
    {
        var storage = await CreateAsync();
        await storage.Log.AppendAsync("a", [CreateMessage("old"), CreateMessage("secret"), CreateMessage("kept")], default);
        await storage.Log.AppendAsync(
            "a",
            [new NewEvent(RoomEventKind.Edited, "ann", "ann", "new") { Of = 1 }, new NewEvent(RoomEventKind.Deleted, "ann", "ann", "") { Of = 2 }],
            default);
        (await FindAsync(storage, "old")).Should().BeEmpty();
        (await FindAsync(storage, "secret")).Should().BeEmpty();
        (await FindAsync(storage, "new")).Should().Equal(1);
        (await FindAsync(storage, "kept")).Should().Equal(3);
        DatabaseCheck.Run(SqliteChatDatabase.Find(storage.Folder), new Progress<WorkProgress>(_ => { }), default).Lines.Should().BeEmpty();
    }

    [Test]
    public async Task New_messages_are_indexed_without_a_search()
    {
        using var folder = new TemporaryFolder();
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Data:Path", folder.Path);
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = ann;
        await ann.SayAsync("x");
        CountUnindexed(folder.Path).Should().Be(1);
        time.Advance(TimeSpan.FromSeconds(10));
        await TestWait.UntilAsync(() => CountUnindexed(folder.Path) == 0, "the message to be indexed");
    }

    [Test]
    public async Task Step_of_the_indexer_takes_many_short_messages_or_one_long_message()
    {
        var storage = await CreateAsync();
        var longest = new string('\u6587', 8_000);
        await storage.Log.AppendAsync("a", [.. Enumerable.Range(0, 100).Select(i => CreateMessage($"short {i}")), .. Enumerable.Range(0, 3).Select(_ => CreateMessage(longest))], default);
        (await IndexStepAsync(storage)).Should().BeFalse();
        CountUnindexed(storage).Should().Be(3, "a step that also indexed the long messages would block the writer too long");
        (await IndexStepAsync(storage)).Should().BeFalse();
        CountUnindexed(storage).Should().Be(2);
        (await IndexStepAsync(storage)).Should().BeFalse();
        (await IndexStepAsync(storage)).Should().BeTrue();
        CountUnindexed(storage).Should().Be(0);
        (await FindAsync(storage, "short")).Should().HaveCount(20);

        static ValueTask<bool> IndexStepAsync(TestStorage storage) => storage.Storage.WriteAsync(writer => SearchIndexer.IndexNext(writer.Connection, 1024), default);
    }

    [Test]
    public async Task Rolled_back_messages_are_not_found()
    {
        var storage = await CreateAsync();
        var failing = async () => await storage.Storage.WriteAsync<int>(
            writer =>
            {
                writer.Events.Append(storage.Storage.Rooms.FindOpen("A")!, [CreateMessage("lost")]);
                throw new InvalidOperationException("the test fails this transaction");
            },
            default);
        await failing.Should().ThrowAsync<StorageException>();
        await storage.Log.AppendAsync("a", [CreateMessage("stored")], default);
        (await FindAsync(storage, "lost")).Should().BeEmpty();
        (await FindAsync(storage, "stored")).Should().Equal(1);
    }

    [Test]
    public async Task Search_orders_imported_messages_by_their_original_time()
    {
        var storage = await CreateAsync();
        await storage.Log.AppendAsync("a", [CreateMessage("x today")], default);
        storage.Storage.Dispose();
        var yesterday = DateTimeOffset.UtcNow.AddDays(-1);
        using (var import = RoomImport.Begin(new SqliteChatDatabase(storage.Folder), new StoredRoom("old", "", null, IsPrivate: false), null, first: 1, DateTimeOffset.UtcNow, Durability.Process, default)!)
        {
            for (var seq = 1; seq <= 300; seq++)
                import.Add(new RoomEvent(seq, yesterday, CreateMessage("x yesterday")));
            import.Add(new RoomEvent(301, yesterday, CreateMessage("")) { IsDeleted = true });
            import.Commit();
        }

        storage.Reopen();
        var page = await Search(storage, "x", limit: 400);
        page.Messages.Select(found => (found.Room, found.Event.Seq)).Should().Equal([("a", 1), .. Enumerable.Range(1, 300).Reverse().Select(seq => ("old", (long)seq))]);
        (await Search(storage, "x", before: SearchCursor.Get(yesterday))).Messages.Should().BeEmpty();
    }

    [Test]
    public async Task Index_is_undamaged_after_many_changes()
    {
        var storage = await CreateAsync();
        for (var i = 0; i < 50; i++)
        {
            await storage.Log.AppendAsync("a", [.. Enumerable.Range(0, 10).Select(n => CreateMessage($"word{n} of {i}"))], default);
            // Some of the deleted messages are in the index, and the others are not in it yet.
            if (i % 3 == 0)
                await IndexAsync(storage);
            await storage.Log.AppendAsync("a", [new NewEvent(RoomEventKind.Deleted, "ann", "ann", "") { Of = (i * 11) + 1 }], default);
        }

        await IndexAsync(storage);
        var check = DatabaseCheck.Run(SqliteChatDatabase.Find(storage.Folder), new Progress<WorkProgress>(_ => { }), default);
        check.Lines.Should().BeEmpty();
        (await Search(storage, "word0", limit: 100)).Messages.Should().BeEmpty();
        (await Search(storage, "word1", limit: 100)).Messages.Should().HaveCount(50);
    }

    [Test]
    public async Task Search_that_takes_too_long_stops_and_the_next_search_works()
    {
        var storage = await CreateAsync();
        await storage.Log.AppendAsync("a", [.. Enumerable.Range(0, 50).Select(_ => CreateMessage("x"))], default);
        await IndexAsync(storage);
        var time = new FakeTimeProvider();
        using var reader = new SearchReader(Path.Combine(storage.Folder, DataFolder.DatabaseName), time);

        // The search exceeds its time limit while it reads the third message.
        var read = 0;
        var page = await reader.SearchAsync("x", 0, long.MaxValue, 20, IsHidden, default);
        (page.Messages.Select(found => found.Event.Seq), page.HasMore, page.IsTimedOut).Should().BeEquivalentTo((new long[] { 50, 49, 48 }, true, true));
        page = await reader.SearchAsync("x", 0, page.Messages[^1].Cursor, 20, (_, _) => false, default);
        (page.Messages[0].Event.Seq, page.Messages.Count, page.HasMore, page.IsTimedOut).Should().Be((47, 20, true, false));

        bool IsHidden(string room, long seq)
        {
            if (++read == 3)
                time.Advance(TimeSpan.FromMinutes(1));
            return false;
        }
    }

    [Test]
    public async Task Messages_are_not_indexed_without_Data_Search()
    {
        var storage = await CreateAsync();
        storage.Storage.Options.Search = false;
        storage.Reopen();
        await storage.Log.AppendAsync("a", [CreateMessage("x"), new NewEvent(RoomEventKind.Edited, "ann", "ann", "y x") { Of = 1 }], default);
        (await FindAsync(storage, "x")).Should().BeEmpty();
    }

    protected override (IRoomLog Log, IRoomCatalog Catalog, IMessageSearch Search) Open(int keepEvents, TimeProvider time)
    {
        var storage = new TestStorage(time, keepEvents);
        _storages.Add(storage);
        return (storage.Log, storage.Catalog, new SqlMessageSearch(storage.Storage));
    }

    protected override IFileStore OpenFiles(IRoomLog log) => _storages[^1].Files;

    private async Task<TestStorage> CreateAsync(int keepEvents = 0)
    {
        var storage = new TestStorage(keepEvents: keepEvents);
        _storages.Add(storage);
        await storage.Log.OpenAsync("a", default);
        return storage;
    }

    private static Task<bool> IndexAsync(TestStorage storage) => SearchIndexer.IndexBeforeSearchAsync(storage.Storage, default);

    private static long CountUnindexed(TestStorage storage) => CountUnindexed(storage.Folder);

    private static long CountUnindexed(string folder)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, DataFolder.DatabaseName)};Pooling=False;Mode=ReadOnly");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM unindexed";
        return (long)command.ExecuteScalar()!;
    }

    // Closes the storage, and looks for the words in all files of its folder. If two neighboring words of the index begin with the same letters, the
    // index stores these letters only once. So the check compares only the letters after the first six of each word.
    private static void ShouldHaveNoWords(TestStorage storage, List<string> removed, List<string> kept)
    {
        storage.Storage.Dispose();
        var files = Directory.GetFiles(storage.Folder).Select(file => Encoding.Latin1.GetString(File.ReadAllBytes(file))).ToList();
        removed.Where(word => files.Exists(file => file.Contains(word[6..], StringComparison.Ordinal))).Should().BeEmpty();
        kept.Where(word => !files.Exists(file => file.Contains(word[6..], StringComparison.Ordinal))).Should().BeEmpty();
        storage.Reopen();
    }

    private static string CreateWord(Random random) => string.Concat(Enumerable.Range(0, 16).Select(_ => (char)random.Next('a', 'z' + 1)));

    private static async Task<IEnumerable<long>> FindAsync(TestStorage storage, string word) => (await Search(storage, word)).Messages.Select(found => found.Event.Seq);

    private static async Task<SearchPage> Search(TestStorage storage, string word, int limit = 20, long before = long.MaxValue) =>
        await new SqlMessageSearch(storage.Storage).SearchAsync(new MessageQuery([SearchPhrase.Create(word)!], new SearchScope([], WithPublicRooms: true)) { Limit = limit, Before = before }, default);

    private static NewEvent CreateMessage(string text) => new(RoomEventKind.Message, "ann", "ann", text);
}
