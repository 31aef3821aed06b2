using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Files;

/// <summary>
/// Adds contents to <see cref="ContentFolder"/> together with the records of their files, and removes contents that belong to no file. If the process
/// is killed, <see cref="OpenAsync"/> removes the incomplete contents at the next start. Thread-safe.
/// </summary>
public sealed class ContentStore(ContentFolder folder, IFileStore files, IOptions<FilesOptions> options)
{
    private const string PendingSuffix = ".pending";

    // The addition and the removal of the same content must not run at the same time. Contents whose hashes end with the same two hexadecimal digits share a lock.
    private readonly SemaphoreSlim[] _locks = [.. Enumerable.Range(0, 256).Select(_ => new SemaphoreSlim(1))];
    private long _bytes;

    public ContentFolder Folder => folder;

    /// <summary>The bytes of all contents in the folder, without the previews.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether a content of this size may be added. <see cref="AddAsync"/> checks again.</summary>
    /// <param name="bytes">The size of the content.</param>
    /// <param name="isGuest">Whether the uploader is a guest. Guests can use only a part of the space (<c>Files:GuestTotalPercent</c>).</param>
    public bool HasSpace(long bytes, bool isGuest) => Bytes + bytes <= GetMaxBytes(isGuest);

    /// <summary>Counts the stored bytes, and removes the incomplete uploads of an earlier process. Call this once, before the first upload.</summary>
    /// <exception cref="StorageException">The storage or the folder cannot be read.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            _bytes = await files.GetContentBytesAsync(cancellationToken);
            foreach (var hash in await files.ListUnusedContentsAsync(int.MaxValue, cancellationToken))
                _bytes += GetLength(hash);
            foreach (var left in Directory.Exists(folder.Incoming) ? Directory.GetFiles(folder.Incoming) : [])
            {
                if (Path.GetFileName(left).Split('.') is [var hash, _, _] && ContentFolder.IsHash(hash) && await files.FindContentBytesAsync(hash, cancellationToken) is null)
                    folder.Remove(hash);
                File.Delete(left);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"the folder \"{folder.Path}\" cannot be used: {fault.Message}", fault);
        }
    }

    /// <summary>
    /// Moves a received content and its preview into the folder, and adds the file. If the file is not added, the folder does not change.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="quota">The maximum number and the maximum total size of the uploader's files.</param>
    /// <param name="isGuest">Whether the uploader is a guest.</param>
    /// <param name="content">The path of the received content, which is synced to the disk.</param>
    /// <param name="preview">The path of the preview, which is synced to the disk; null if there is no preview.</param>
    /// <exception cref="StorageException">The file cannot be stored.</exception>
    /// <exception cref="IOException">The content cannot be moved.</exception>
    public async Task<FileAddition> AddAsync(StoredFile file, FileQuota quota, bool isGuest, string content, string? preview)
    {
        using var _ = await LockAsync(file.Hash);
        // The pending file marks the content as incomplete. If the process is killed before the file's record is stored, the next start removes the
        // content.
        var pending = Path.Combine(folder.Incoming, $"{file.Hash}.{Guid.NewGuid():n}{PendingSuffix}");
        var isNew = !File.Exists(folder.GetPath(file.Hash));
        if (isNew && Interlocked.Add(ref _bytes, file.Bytes) > GetMaxBytes(isGuest))
        {
            Interlocked.Add(ref _bytes, -file.Bytes);
            return FileAddition.ServerFull;
        }

        var isKept = false;
        try
        {
            await new FileStream(pending, ContentFolder.CreateOptions()).DisposeAsync();
            if (preview is not null)
                folder.TryMoveInPreview(preview, file.Hash);
            folder.TryMoveIn(content, file.Hash);
            var result = await files.AddAsync(file, quota, CancellationToken.None);
            isKept = result == FileAddition.Added;
            return result;
        }
        finally
        {
            if (!isKept && isNew)
            {
                // RemoveUnlessUsedAsync subtracts the bytes of a content that is in the folder.
                if (!File.Exists(folder.GetPath(file.Hash)))
                    Interlocked.Add(ref _bytes, -file.Bytes);
                await RemoveUnlessUsedAsync(file.Hash);
            }

            File.Delete(pending);
        }
    }

    /// <summary>Removes the contents that no file has any more.</summary>
    /// <returns>The number of removed contents.</returns>
    /// <exception cref="StorageException">The storage cannot be read or written.</exception>
    public async Task<int> RemoveUnusedAsync(CancellationToken cancellationToken)
    {
        const int MaxHashes = 256;
        for (var removed = 0; ;)
        {
            var hashes = await files.ListUnusedContentsAsync(MaxHashes, cancellationToken);
            var failed = 0;
            foreach (var hash in hashes)
            {
                using var _ = await LockAsync(hash);
                if (await RemoveUnlessUsedAsync(hash))
                {
                    await files.ForgetUnusedContentAsync(hash, CancellationToken.None);
                    removed++;
                }
                else
                    failed++;
            }

            // A content that cannot be removed now stays in the list for the next call.
            if (hashes.Count < MaxHashes || failed > 0)
                return removed;
        }
    }

    // The caller holds the lock. Returns false if the content cannot be removed now.
    private async Task<bool> RemoveUnlessUsedAsync(string hash)
    {
        if (await files.FindContentBytesAsync(hash, CancellationToken.None) is not null)
            return true;
        try
        {
            var length = GetLength(hash);
            folder.Remove(hash);
            Interlocked.Add(ref _bytes, -length);
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // On Windows, a file cannot be removed while somebody downloads it.
            return false;
        }
    }

    private double GetMaxBytes(bool isGuest) => options.Value.TotalBytes * (isGuest ? options.Value.GuestTotalPercent / 100.0 : 1);

    private long GetLength(string hash) => new FileInfo(folder.GetPath(hash)) is { Exists: true } content ? content.Length : 0;

    private async Task<IDisposable> LockAsync(string hash)
    {
        var gate = _locks[Convert.ToByte(hash[^2..], 16)];
        await gate.WaitAsync();
        return new Release(gate);
    }

    private sealed class Release(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
