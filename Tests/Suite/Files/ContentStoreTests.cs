using Microsoft.Extensions.Options;
using RawSocketChat.Server.Files;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Files;

public sealed class ContentStoreTests
{
    [Test]
    public async Task Content_that_cannot_be_moved_into_the_folder_takes_no_space()
    {
        using var temporary = new TemporaryFolder();
        var folder = ContentFolder.Of(temporary.Path);
        Directory.CreateDirectory(folder.Incoming);
        var store = new ContentStore(folder, new MemoryFileStore(), Options.Create(new FilesOptions { TotalBytes = 1_000 }));
        var (lost, received) = (Path.Combine(temporary.Path, "lost"), Path.Combine(temporary.Path, "received"));
        await File.WriteAllBytesAsync(received, new byte[900]);

        await FluentActions.Invoking(() => AddAsync(lost)).Should().ThrowAsync<IOException>();
        store.Bytes.Should().Be(0);
        (await AddAsync(received)).Should().Be(FileAddition.Added);
        store.Bytes.Should().Be(900);

        Task<FileAddition> AddAsync(string content) => store.AddAsync(
            new StoredFile("f1", new string('a', 64), "a.bin", FileType.Unknown, 900, "u1", DateTimeOffset.UnixEpoch), new FileQuota(10, 10_000), isGuest: false, content, preview: null);
    }
}
