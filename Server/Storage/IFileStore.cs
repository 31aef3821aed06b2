namespace RawSocketChat.Server.Storage;

/// <summary>
/// Stores the records of uploaded files: who uploaded them, and which messages have them. <see cref="ContentFolder"/> has their contents. A file
/// is removed together with the last message that has it. When a task completes, the change is stored. If the change cannot be stored, the task
/// throws <see cref="StorageException"/>. Thread-safe.
/// </summary>
public interface IFileStore
{
    /// <summary>Raised after messages were removed, if they may have had files. The contents of these files can then be removed immediately.</summary>
    event Action? FilesRemoved;

    /// <summary>Adds a file. The check of the quota and the addition are atomic.</summary>
    ValueTask<FileAddition> AddAsync(StoredFile file, FileQuota quota, CancellationToken cancellationToken);

    /// <summary>Checks whether a user may add one more file of this size. Changes nothing.</summary>
    ValueTask<FileAddition> CheckQuotaAsync(string uploader, long bytes, FileQuota quota, CancellationToken cancellationToken);

    /// <summary>Finds a file, and the rooms with messages that have the file. Returns null if there is no such file.</summary>
    ValueTask<FoundFile?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>Returns the files with these ids that the user has uploaded, in the order of the ids.</summary>
    ValueTask<IReadOnlyList<StoredFile>> FindUploadsAsync(string uploader, IReadOnlyList<string> ids, CancellationToken cancellationToken);

    /// <summary>Removes the files that were uploaded before this time and are in no message.</summary>
    /// <returns>The number of removed files.</returns>
    ValueTask<int> RemoveUnusedAsync(DateTimeOffset createdBefore, CancellationToken cancellationToken);

    /// <summary>Computes the total size of all contents, in bytes. A content that several files have counts once.</summary>
    ValueTask<long> GetContentBytesAsync(CancellationToken cancellationToken);

    /// <summary>Lists at most <paramref name="max"/> hashes of contents whose last file was removed.</summary>
    ValueTask<IReadOnlyList<string>> ListUnusedContentsAsync(int max, CancellationToken cancellationToken);

    /// <summary>Gets the size of a content in bytes; null if no file has the content.</summary>
    ValueTask<long?> FindContentBytesAsync(string hash, CancellationToken cancellationToken);

    /// <summary>Removes a hash from the list of <see cref="ListUnusedContentsAsync"/>, because the content is removed or has a file again.</summary>
    ValueTask ForgetUnusedContentAsync(string hash, CancellationToken cancellationToken);
}

/// <summary>An uploaded file.</summary>
/// <param name="Id">The random id: 32 hexadecimal digits.</param>
/// <param name="Hash">SHA-256 of the stored content, in hex.</param>
/// <param name="Name">The name, which is safe to show and to save.</param>
/// <param name="Type">The media type, detected from the content.</param>
/// <param name="Bytes">The size of the stored content.</param>
/// <param name="Uploader">The stable id of the user.</param>
public sealed record StoredFile(string Id, string Hash, string Name, string Type, long Bytes, string Uploader, DateTimeOffset CreatedAt)
{
    /// <summary>The width of an image in pixels; null if there is no preview.</summary>
    public int? Width { get; init; }

    /// <summary>The height of an image in pixels; null if there is no preview.</summary>
    public int? Height { get; init; }

    /// <summary>The file as messages have it.</summary>
    public MessageFile ToMessageFile() => new(Id, Name, Type, Bytes, Width, Height);
}

/// <summary>A file, and the rooms with messages that have the file.</summary>
public sealed record FoundFile(StoredFile File, IReadOnlyList<string> Rooms);

/// <summary>The maximum number and the maximum total size of one user's files.</summary>
public sealed record FileQuota(int Files, long Bytes);

/// <summary>The result of adding a file.</summary>
public enum FileAddition
{
    Added,

    /// <summary>The user has the maximum number of files.</summary>
    TooManyFiles,

    /// <summary>The user's files would have too many bytes.</summary>
    TooManyBytes,

    /// <summary>The contents of all files of the server would have too many bytes.</summary>
    ServerFull,
}
