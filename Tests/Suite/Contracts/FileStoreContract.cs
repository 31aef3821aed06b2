using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Tests.Contracts;

/// <summary>The rules that every file store must follow, together with the room log of the same storage.</summary>
public abstract class FileStoreContract
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly FileQuota Quota = new(100, 1_000_000);

    private IFileStore _files = null!;
    private IRoomLog _log = null!;
    private IRoomCatalog _catalog = null!;

    protected abstract (IFileStore Files, IRoomLog Log, IRoomCatalog Catalog) Open(int keepEvents);

    [SetUp]
    public Task OpenAsync() => OpenAsync(keepEvents: 0);

    [Test]
    public async Task File_is_found_as_it_was_added()
    {
        var file = CreateFile("f1") with { Width = 640, Height = 480, CreatedAt = Noon.AddMilliseconds(123) };
        (await _files.AddAsync(file, Quota, default)).Should().Be(FileAddition.Added);
        (await _files.FindAsync("f1", default)).Should().BeEquivalentTo(new FoundFile(file, []));
        (await _files.FindAsync("f2", default)).Should().BeNull();
        (await _files.FindUploadsAsync("ann", ["f2", "f1"], default)).Should().Equal(file);
        (await _files.FindUploadsAsync("bob", ["f1"], default)).Should().BeEmpty();
    }

    [Test]
    public async Task Quota_counts_the_files_and_bytes_of_a_user()
    {
        await _files.AddAsync(CreateFile("f1"), new FileQuota(2, 20), default);
        (await _files.AddAsync(CreateFile("f2"), new FileQuota(1, 20), default)).Should().Be(FileAddition.TooManyFiles);
        (await _files.AddAsync(CreateFile("f2"), new FileQuota(2, 13), default)).Should().Be(FileAddition.TooManyBytes);
        (await _files.CheckQuotaAsync("ann", 7, new FileQuota(2, 14), default)).Should().Be(FileAddition.Added);
        (await _files.CheckQuotaAsync("ann", 8, new FileQuota(2, 14), default)).Should().Be(FileAddition.TooManyBytes);
        (await _files.AddAsync(CreateFile("f2", uploader: "bob"), new FileQuota(1, 7), default)).Should().Be(FileAddition.Added);
        (await _files.AddAsync(CreateFile("f3"), new FileQuota(2, 14), default)).Should().Be(FileAddition.Added);
        (await _files.GetContentBytesAsync(default)).Should().Be(7, "three files share one content");
    }

    [Test]
    public async Task File_has_the_rooms_of_its_messages_and_is_removed_with_the_last_message()
    {
        var removals = 0;
        _files.FilesRemoved += () => removals++;
        await AddAsync("f1");
        await SayAsync("a", "f1");
        await SayAsync("a", "f1");
        await SayAsync("b", "f1");
        (await FindRoomsAsync("f1")).Should().BeEquivalentTo("a", "b");
        await DeleteAsync("a", 1);
        (await FindRoomsAsync("f1")).Should().BeEquivalentTo("a", "b");
        await DeleteAsync("b", 1);
        (await FindRoomsAsync("f1")).Should().Equal("a");
        await DeleteAsync("a", 2);
        (await _files.FindAsync("f1", default)).Should().BeNull();
        removals.Should().Be(3);
        (await _files.ListUnusedContentsAsync(10, default)).Should().Equal(Hash);
        (await _files.FindContentBytesAsync(Hash, default)).Should().BeNull();
        await _files.ForgetUnusedContentAsync(Hash, default);
        (await _files.ListUnusedContentsAsync(10, default)).Should().BeEmpty();
    }

    [Test]
    public async Task Content_counts_as_used_while_any_file_has_the_content()
    {
        await AddAsync("f1");
        await AddAsync("f2");
        await SayAsync("a", "f1");
        await DeleteAsync("a", 1);
        (await _files.ListUnusedContentsAsync(10, default)).Should().BeEmpty();
        (await _files.FindContentBytesAsync(Hash, default)).Should().Be(7);
    }

    [Test]
    public async Task Message_with_a_file_that_the_author_did_not_upload_is_not_stored()
    {
        await AddAsync("f1");
        foreach (var message in (NewEvent[])[CreateMessage("nope"), CreateMessage("f1") with { Author = "bob" }, CreateMessage("f1", "nope") with { ClientId = "id" }])
            (await _log.AppendAsync("a", [message], default))[0].Should().Match<AppendResult>(result => result.Rejection == AppendRejection.FileNotFound && result.Event == null && !result.IsDuplicate);
        (await _log.OpenAsync("a", default)).Last.Should().Be(0);
        (await FindRoomsAsync("f1")).Should().BeEmpty();
        (await _log.AppendAsync("a", [CreateMessage("f1") with { ClientId = "id" }], default))[0].Seq.Should().Be(1, "the client id of a rejected message is free");
    }

    [Test]
    public async Task Repeated_message_is_a_duplicate_even_if_its_file_is_gone()
    {
        await AddAsync("f1");
        var message = CreateMessage("f1") with { ClientId = "id" };
        await _log.AppendAsync("a", [message], default);
        (await _log.AppendAsync("a", [message], default))[0].IsDuplicate.Should().BeTrue();
        await DeleteAsync("a", 1);
        (await _log.AppendAsync("a", [message, message with { OnlyIfDuplicate = true }], default)).Should().OnlyContain(result => result.IsDuplicate && result.Seq == 1);
    }

    [Test]
    public async Task Edit_keeps_the_files_of_a_message_and_deletion_removes_them()
    {
        await AddAsync("f1");
        await SayAsync("a", "f1");
        await _log.AppendAsync("a", [new NewEvent(RoomEventKind.Edited, "ann", "ann", "new") { Of = 1 }], default);
        (await _log.ReadAfterAsync("a", 0, 1, 100, default))[0].Content.Files.Should().Equal(CreateFile("f1").ToMessageFile());
        var deleted = (await _log.AppendAsync("a", [new NewEvent(RoomEventKind.Deleted, "ann", "ann", "") { Of = 1 }], default))[0];
        (deleted.RemovesFiles, deleted.Changed!.Content.Files).Should().Be((true, null));
        (await _log.ReadAfterAsync("a", 0, 1, 100, default))[0].Content.Files.Should().BeNull();
    }

    [Test]
    public async Task File_that_is_in_no_message_is_removed_after_the_given_time()
    {
        await AddAsync("f1");
        await AddAsync("f2");
        await SayAsync("a", "f2");
        (await _files.RemoveUnusedAsync(Noon, default)).Should().Be(0);
        (await _files.RemoveUnusedAsync(Noon.AddMilliseconds(1), default)).Should().Be(1);
        (await _files.FindAsync("f1", default)).Should().BeNull();
        (await _files.FindAsync("f2", default)).Should().NotBeNull();
    }

    [Test]
    public async Task Files_of_a_removed_room_are_removed()
    {
        await AddAsync("f1");
        await SayAsync("a", "f1");
        await _catalog.RemoveRoomAsync("a", default);
        ((await _files.FindAsync("f1", default))?.Rooms ?? []).Should().BeEmpty();
        await _catalog.EraseRemovedAsync(default);
        (await _files.FindAsync("f1", default)).Should().BeNull();
        (await _files.ListUnusedContentsAsync(10, default)).Should().Equal(Hash);
    }

    [Test]
    public async Task File_of_a_trimmed_message_is_in_no_room()
    {
        await OpenAsync(keepEvents: 2);
        await AddAsync("f1");
        await SayAsync("a", "f1");
        await _log.AppendAsync("a", [CreateMessage(), CreateMessage()], default);
        ((await _files.FindAsync("f1", default))?.Rooms ?? []).Should().BeEmpty();
    }

    private const string Hash = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    private async Task OpenAsync(int keepEvents)
    {
        (_files, _log, _catalog) = Open(keepEvents);
        foreach (var room in (string[])["a", "b"])
        {
            await _catalog.CreateRoomAsync(new StoredRoom(room, "", null, IsPrivate: false), int.MaxValue, default);
            await _log.OpenAsync(room, default);
        }
    }

    private async Task AddAsync(string id) => (await _files.AddAsync(CreateFile(id), Quota, default)).Should().Be(FileAddition.Added);

    private async Task SayAsync(string room, params string[] files) => (await _log.AppendAsync(room, [CreateMessage(files)], default))[0].Rejection.Should().Be(AppendRejection.None);

    private async Task DeleteAsync(string room, long seq) => await _log.AppendAsync(room, [new NewEvent(RoomEventKind.Deleted, "ann", "ann", "") { Of = seq }], default);

    private async Task<IReadOnlyList<string>> FindRoomsAsync(string id) => (await _files.FindAsync(id, default))!.Rooms;

    private static NewEvent CreateMessage(params string[] files) =>
        new(RoomEventKind.Message, "ann", "ann", "text") { Files = files.Length == 0 ? null : [.. files.Select(id => CreateFile(id).ToMessageFile())] };

    private static StoredFile CreateFile(string id, string uploader = "ann") => new(id, Hash, "cat.png", "image/png", 7, uploader, Noon);
}

public sealed class MemoryFileStoreTests : FileStoreContract
{
    protected override (IFileStore Files, IRoomLog Log, IRoomCatalog Catalog) Open(int keepEvents)
    {
        var log = new MemoryRoomLog(Options.Create(new DataOptions { KeepEvents = keepEvents }), TimeProvider.System);
        return (log.Files, log, new MemoryRoomCatalog(log, new MemoryTokenStore(), new MemoryWebhookStore(log), new MemoryIdentityStore(), TimeProvider.System));
    }
}
