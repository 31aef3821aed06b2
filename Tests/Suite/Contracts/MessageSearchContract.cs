using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Search;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Tests.Contracts;

/// <summary>The rules that every message search must follow.</summary>
public abstract class MessageSearchContract
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 10, 2, 31, 123, TimeSpan.Zero);

    private FakeTimeProvider _time = null!;
    private IRoomLog _log = null!;
    private IRoomCatalog _catalog = null!;
    private IMessageSearch _search = null!;

    protected abstract (IRoomLog Log, IRoomCatalog Catalog, IMessageSearch Search) Open(int keepEvents, TimeProvider time);

    [SetUp]
    public Task OpenAsync()
    {
        // Each test begins at the same time, in whatever order the tests run.
        _time = new FakeTimeProvider(Start);
        return OpenAsync(keepEvents: 1000);
    }

    [Test]
    public async Task Message_with_all_words_is_found_in_any_letter_case_and_order()
    {
        await SayAsync("a", "Where are my lost KEYS?", "lost", "keys, not lost", "Café");
        (await FindAsync("keys lost")).Should().Equal("keys, not lost", "Where are my lost KEYS?");
        (await FindAsync("cafe")).Should().Equal("Café");
        (await FindAsync("key")).Should().BeEmpty("only whole words match");
        (await FindAsync("nothing")).Should().BeEmpty();
    }

    [Test]
    public async Task Phrase_is_found_only_if_its_words_follow_each_other()
    {
        await SayAsync("a", "my lost keys", "keys lost", "lost my keys", "lost-keys");
        (await FindPhrasesAsync("lost keys")).Should().Equal("lost-keys", "my lost keys");
        (await FindPhrasesAsync("lost keys", "my")).Should().Equal("my lost keys");
    }

    [Test]
    public async Task Beginning_of_a_word_is_found_only_with_an_asterisk_and_three_letters()
    {
        await SayAsync("a", "my lost keys", "the keyboard", "a key", "monkey business", "ke", "lost in Keynes");
        (await FindPhrasesAsync("key*")).Should().Equal("lost in Keynes", "a key", "the keyboard", "my lost keys");
        (await FindPhrasesAsync("ke*")).Should().Equal("ke");
        (await FindPhrasesAsync("lost key*")).Should().Equal("my lost keys");
        (await FindPhrasesAsync("key*", "my")).Should().Equal("my lost keys");
        (await FindPhrasesAsync("key *")).Should().Equal("a key");
    }

    [Test]
    public async Task Messages_are_found_from_a_cursor_on()
    {
        for (var i = 1; i <= 4; i++)
        {
            await SayAsync("a", $"x {i}");
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        var page = await SearchAsync(CreateQuery("x") with { After = SearchCursor.Get(Start.AddSeconds(1)), Before = SearchCursor.Get(Start.AddSeconds(3)) });
        page.Messages.Select(message => message.Event.Content.Text).Should().Equal("x 3", "x 2");
        page.HasMore.Should().BeFalse();
    }

    [Test]
    public async Task Words_of_languages_without_spaces_are_found()
    {
        await SayAsync("a", "私は東京都に住む", "京都は古い", "ฉันอยู่กรุงเทพมหานคร");
        (await FindAsync("東京")).Should().Equal("私は東京都に住む");
        (await FindAsync("京都")).Should().Equal("京都は古い", "私は東京都に住む");
        (await FindAsync("京")).Should().HaveCount(2);
        (await FindAsync("กรุงเทพ")).Should().HaveCount(1);
    }

    [Test]
    public async Task Operators_of_the_index_are_searched_as_words()
    {
        await SayAsync("a", "AND or NOT near", "r1 private words filters");
        (await FindAsync("AND")).Should().Equal("AND or NOT near");
        (await FindAsync("OR NOT NEAR")).Should().Equal("AND or NOT near");
        (await FindAsync("private r1")).Should().Equal("r1 private words filters");
        (await FindAsync("r2")).Should().BeEmpty("the index marks rooms with words, and a search must not find these words");
    }

    [Test]
    public async Task Messages_are_found_by_the_id_of_the_author_and_by_the_name_at_the_time_of_the_message()
    {
        await _log.AppendAsync("a", [CreateMessage("one", "u-1", "ann"), CreateMessage("two", "u-1", "Anna_2"), CreateMessage("three", "u-2", "ann"), CreateMessage("four", "u-3", "bob")], default);
        (await FindByAsync(new SearchedAuthor("u-1", "Anna_2"))).Should().Equal("two", "one");
        (await FindByAsync(new SearchedAuthor(null, "ANN"))).Should().Equal("three", "one");
        (await FindByAsync(new SearchedAuthor(null, "anna"))).Should().BeEmpty();
    }

    [Test]
    public async Task Only_the_rooms_of_the_scope_are_searched()
    {
        await _catalog.CreateRoomAsync(new StoredRoom("den", "", "ann", IsPrivate: true), 10, default);
        await _catalog.CreateRoomAsync(new StoredRoom("vault", "", "bob", IsPrivate: true), 10, default);
        await SayAsync("a", "x in a");
        await SayAsync("b", "x in b");
        await SayAsync("den", "x in den");
        await SayAsync("vault", "x in vault");

        (await FindInAsync(new SearchScope([], WithPublicRooms: true))).Should().Equal("x in b", "x in a");
        (await FindInAsync(new SearchScope(["a", "DEN", "no-such-room"], WithPublicRooms: true))).Should().Equal("x in den", "x in b", "x in a");
        (await FindInAsync(new SearchScope([], WithPublicRooms: true, ["B"]))).Should().Equal("x in a");
        (await FindInAsync(new SearchScope(["vault"]))).Should().Equal("x in vault");
        (await FindInAsync(new SearchScope([]))).Should().BeEmpty();
        (await FindInAsync(new SearchScope(["no-such-room"]))).Should().BeEmpty();
    }

    [Test]
    public async Task Pages_have_every_message_once_newest_first()
    {
        for (var i = 1; i <= 30; i++)
        {
            await SayAsync(i % 2 == 0 ? "a" : "b", $"x {i}");
            if (i % 10 == 0)
                _time.Advance(TimeSpan.FromSeconds(1));
        }

        var (found, before, pages) = (new List<string>(), long.MaxValue, 0);
        for (var hasMore = true; hasMore; pages++)
        {
            var page = await SearchAsync(CreateQuery("x") with { Before = before, Limit = 7 });
            found.AddRange(page.Messages.Select(message => message.Event.Content.Text));
            page.Messages.Select(message => message.Cursor).Should().BeInDescendingOrder();
            (before, hasMore) = (page.Messages[^1].Cursor, page.HasMore);
        }

        pages.Should().Be(5);
        found.Should().Equal(Enumerable.Range(1, 30).Reverse().Select(i => $"x {i}"));
        (await SearchAsync(CreateQuery("x") with { Before = SearchCursor.Get(Start.AddSeconds(1)) })).Messages.Should().HaveCount(10);
        (await SearchAsync(CreateQuery("x") with { Limit = 30 })).HasMore.Should().BeFalse();
    }

    [Test]
    public async Task Messages_keep_their_order_even_if_one_millisecond_has_more_messages_than_cursors()
    {
        await SayAsync("a", [.. Enumerable.Range(1, 600).Select(i => $"x {i}")]);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await SayAsync("b", "x 601");
        var page = await SearchAsync(CreateQuery("x") with { Limit = 700 });
        page.Messages.Select(message => message.Event.Content.Text).Should().Equal(Enumerable.Range(1, 601).Reverse().Select(i => $"x {i}"));
    }

    [Test]
    public async Task Edited_message_is_found_by_its_new_text_only()
    {
        await SayAsync("a", "first text");
        await ChangeAsync(RoomEventKind.Edited, "second text");
        (await FindAsync("first")).Should().BeEmpty();
        var found = (await SearchAsync(CreateQuery("second"))).Messages.Single();
        (found.Room, found.Event.Seq, found.Event.Content.Text, found.Event.EditedAt).Should().Be(("a", 1, "second text", Start));
        (await FindAsync("text")).Should().HaveCount(1, "an edit is not a message of its own");
    }

    [Test]
    public async Task Deleted_message_is_not_found()
    {
        await SayAsync("a", "secret", "open");
        await ChangeAsync(RoomEventKind.Deleted, "");
        (await FindAsync("secret")).Should().BeEmpty();
        (await FindByAsync(new SearchedAuthor("ann", "ann"))).Should().Equal("open");
    }

    [Test]
    public async Task Found_message_has_its_reactions_and_other_fields()
    {
        await _log.AppendAsync("a", [CreateMessage("x", "u1", "ann") with { Me = true, Reply = 7 }, new NewEvent(RoomEventKind.Reacted, "bob", "bob", "") { Of = 1, Emoji = "👍" }], default);
        var found = (await FindEventsAsync("x")).Single();
        found.Reactions.Should().Equal(new StoredReaction("👍", "bob", "bob"));
        (found.Content.Me, found.Content.Reply, found.At).Should().Be((true, 7L, Start));
    }

    [Test]
    public async Task Search_does_not_find_topics()
    {
        await _log.AppendAsync("a", [new NewEvent(RoomEventKind.Topic, "ann", "ann", "x")], default);
        (await FindAsync("x")).Should().BeEmpty();
    }

    [Test]
    public async Task Trimmed_messages_are_not_found()
    {
        await OpenAsync(keepEvents: 3);
        for (var i = 1; i <= 20; i++)
            await SayAsync("a", $"x {i}");
        (await FindAsync("x")).Should().Equal("x 20", "x 19", "x 18");
    }

    [Test]
    public async Task Messages_of_a_removed_room_are_not_found()
    {
        await SayAsync("b", "x in b");
        await SayAsync("a", "x in a");
        await _catalog.RemoveRoomAsync("b", default);
        (await FindAsync("x")).Should().Equal("x in a");
        (await _catalog.ListRoomsAsync("bob", "", 10, default)).Select(room => room.Name).Should().Equal("a");
        await _catalog.EraseRemovedAsync(default);
        (await FindAsync("x")).Should().Equal("x in a");
        await _catalog.CreateRoomAsync(new StoredRoom("b", "", "eve", IsPrivate: false), 10, default);
        await _log.OpenAsync("b", default);
        (await FindInAsync(new SearchScope(["b"]))).Should().BeEmpty();
    }

    [Test]
    public async Task ListBannedRooms_returns_the_rooms_that_ban_the_user_or_the_address()
    {
        await _log.AppendAsync("a", [Ban("bob", seconds: null, "10.0.0.7"), Ban("eve", seconds: 60)], default);
        await _log.AppendAsync("b", [Ban("bob", seconds: 60)], default);
        (await ListBannedAsync("bob", null)).Should().BeEquivalentTo([new BannedRoom("a", false), new BannedRoom("b", false)]);
        (await ListBannedAsync("carol", "10.0.0.7")).Should().Equal(new BannedRoom("a", true));
        (await ListBannedAsync("carol", null)).Should().BeEmpty();
        (await ListBannedAsync("carol", "10.0.0.8")).Should().BeEmpty();
        _time.Advance(TimeSpan.FromSeconds(60));
        (await ListBannedAsync("bob", null)).Should().Equal(new BannedRoom("a", false));
        await _log.AppendAsync("a", [new NewEvent(RoomEventKind.Moderated, "ann", "ann", "") { Moderation = new ModerationDetails(ModerationAction.Unban, "bob", "bob") }], default);
        (await ListBannedAsync("bob", "10.0.0.7")).Should().BeEmpty();
    }

    private Task<IReadOnlyList<BannedRoom>> ListBannedAsync(string user, string? address) => _catalog.ListBannedRoomsAsync(user, address, _time.GetUtcNow(), default).AsTask();

    private static NewEvent Ban(string user, long? seconds, params string[] addresses) => new(RoomEventKind.Moderated, "ann", "ann", "")
    {
        Moderation = new ModerationDetails(ModerationAction.Ban, user, user, Seconds: seconds) { Addresses = addresses },
    };

    private async Task OpenAsync(int keepEvents)
    {
        (_log, _catalog, _search) = Open(keepEvents, _time);
        foreach (var room in (string[])["a", "b"])
        {
            await _catalog.CreateRoomAsync(new StoredRoom(room, "", null, IsPrivate: false), 10, default);
            await _log.OpenAsync(room, default);
        }
    }

    private async Task SayAsync(string room, params string[] texts)
    {
        await _log.OpenAsync(room, default);
        await _log.AppendAsync(room, [.. texts.Select(text => CreateMessage(text))], default);
    }

    private async Task ChangeAsync(RoomEventKind kind, string text) =>
        (await _log.AppendAsync("a", [new NewEvent(kind, "ann", "ann", text) { Of = 1 }], default))[0].Changed.Should().NotBeNull();

    [Test]
    public async Task Messages_with_files_are_found_until_they_are_deleted()
    {
        var files = OpenFiles(_log);
        await files.AddAsync(new StoredFile("f1", new string('a', 64), "cat.png", "image/png", 7, "ann", Start), new FileQuota(10, 100), default);
        await _log.AppendAsync("a", [CreateMessage("with a file") with { Files = [new MessageFile("f1", "cat.png", "image/png", 7)] }, CreateMessage("without a file \"files\":[")], default);
        (await FindWithFileAsync()).Should().Equal("with a file");
        (await FindWithFileAsync("with")).Should().Equal("with a file");
        (await FindWithFileAsync("without")).Should().BeEmpty();
        (await FindAsync("file")).Should().HaveCount(2);
        await _log.AppendAsync("a", [new NewEvent(RoomEventKind.Edited, "ann", "ann", "still with it") { Of = 1 }], default);
        (await FindWithFileAsync()).Should().Equal("still with it");
        await _log.AppendAsync("a", [new NewEvent(RoomEventKind.Deleted, "ann", "ann", "") { Of = 1 }], default);
        (await FindWithFileAsync()).Should().BeEmpty();

        async Task<IReadOnlyList<string>> FindWithFileAsync(params string[] phrases) => GetTexts(await SearchAsync(CreateQuery(phrases) with { HasFile = true }));
    }

    protected abstract IFileStore OpenFiles(IRoomLog log);

    // A storage ends a search after a fraction of a second. On a busy machine, even a short search may take longer, so repeat it.
    private async Task<SearchPage> SearchAsync(MessageQuery query)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (await _search.SearchAsync(query, default) is { IsTimedOut: false } page)
                return page;
            attempt.Should().BeLessThan(20, "a search of few messages must end");
        }
    }

    private Task<IReadOnlyList<string>> FindAsync(string words) => FindPhrasesAsync(words.Split(' '));

    private async Task<IReadOnlyList<string>> FindPhrasesAsync(params string[] phrases) => GetTexts(await SearchAsync(CreateQuery(phrases)));

    private async Task<IReadOnlyList<string>> FindByAsync(SearchedAuthor author) => GetTexts(await SearchAsync(CreateQuery() with { Author = author }));

    private async Task<IReadOnlyList<string>> FindInAsync(SearchScope scope) => GetTexts(await SearchAsync(CreateQuery("x") with { Scope = scope }));

    private async Task<IReadOnlyList<RoomEvent>> FindEventsAsync(string word) => [.. (await SearchAsync(CreateQuery(word))).Messages.Select(found => found.Event)];

    private static IReadOnlyList<string> GetTexts(SearchPage page) => [.. page.Messages.Select(found => found.Event.Content.Text)];

    private static MessageQuery CreateQuery(params string[] phrases) => new([.. phrases.Select(phrase => SearchPhrase.Create(phrase)!)], new SearchScope([], WithPublicRooms: true));

    private static NewEvent CreateMessage(string text, string author = "ann", string? name = null) => new(RoomEventKind.Message, author, name ?? author, text);
}

public sealed class MemoryMessageSearchTests : MessageSearchContract
{
    protected override (IRoomLog Log, IRoomCatalog Catalog, IMessageSearch Search) Open(int keepEvents, TimeProvider time)
    {
        var log = new MemoryRoomLog(Options.Create(new DataOptions { KeepEvents = keepEvents }), time);
        var catalog = new MemoryRoomCatalog(log, new MemoryTokenStore(), new MemoryWebhookStore(log), new MemoryIdentityStore(), time);
        return (log, catalog, new MemoryMessageSearch(log, catalog, time));
    }

    protected override IFileStore OpenFiles(IRoomLog log) => ((MemoryRoomLog)log).Files;
}
