namespace RawSocketChat.Server.Storage.Memory;

/// <summary>Keeps the records of files in memory, until the process ends. All tasks complete synchronously.</summary>
public sealed class MemoryFileStore : IFileStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _files = [];
    private readonly HashSet<string> _unusedContents = [];

    public event Action? FilesRemoved;

    public ValueTask<FileAddition> AddAsync(StoredFile file, FileQuota quota, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var result = CheckQuota(file.Uploader, file.Bytes, quota);
            if (result == FileAddition.Added)
                _files.Add(file.Id, new Entry(file));
            return new(result);
        }
    }

    public ValueTask<FileAddition> CheckQuotaAsync(string uploader, long bytes, FileQuota quota, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(CheckQuota(uploader, bytes, quota));
    }

    public ValueTask<FoundFile?> FindAsync(string id, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_files.TryGetValue(id, out var entry) ? new FoundFile(entry.File, [.. entry.Messages.Select(message => message.Room).Distinct(StringComparer.OrdinalIgnoreCase)]) : null);
    }

    public ValueTask<IReadOnlyList<StoredFile>> FindUploadsAsync(string uploader, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new([.. ids.Select(id => _files.GetValueOrDefault(id)?.File).OfType<StoredFile>().Where(file => file.Uploader == uploader)]);
    }

    public ValueTask<int> RemoveUnusedAsync(DateTimeOffset createdBefore, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var unused = _files.Values.Where(entry => entry.Messages.Count == 0 && entry.File.CreatedAt < createdBefore).ToArray();
            foreach (var entry in unused)
                Remove(entry.File);
            return new(unused.Length);
        }
    }

    public ValueTask<long> GetContentBytesAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_files.Values.DistinctBy(entry => entry.File.Hash).Sum(entry => entry.File.Bytes));
    }

    public ValueTask<IReadOnlyList<string>> ListUnusedContentsAsync(int max, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new([.. _unusedContents.Take(max)]);
    }

    public ValueTask<long?> FindContentBytesAsync(string hash, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_files.Values.FirstOrDefault(entry => entry.File.Hash == hash)?.File.Bytes);
    }

    public ValueTask ForgetUnusedContentAsync(string hash, CancellationToken cancellationToken)
    {
        lock (_gate)
            _unusedContents.Remove(hash);
        return default;
    }

    /// <summary>Records that a message has files. If the author did not upload all of them, returns false and records nothing.</summary>
    internal bool TryLink(string room, long seq, string author, IReadOnlyList<MessageFile> files)
    {
        lock (_gate)
        {
            if (files.Any(file => _files.GetValueOrDefault(file.Id)?.File.Uploader != author))
                return false;
            foreach (var file in files)
                _files[file.Id].Messages.Add((room, seq));
            return true;
        }
    }

    /// <summary>Removes the files of a message that is deleted or trimmed, unless other messages have them.</summary>
    /// <param name="files">The files; null for none.</param>
    internal void Unlink(string room, long seq, IReadOnlyList<MessageFile>? files)
    {
        if (files is null or { Count: 0 })
            return;
        lock (_gate)
        {
            foreach (var file in files)
            {
                if (_files.TryGetValue(file.Id, out var entry) && entry.Messages.Remove((room, seq)) && entry.Messages.Count == 0)
                    Remove(entry.File);
            }
        }
    }

    /// <summary>Calls the handlers of <see cref="FilesRemoved"/>.</summary>
    internal void AnnounceRemoval() => FilesRemoved?.Invoke();

    // The caller holds the lock.
    private void Remove(StoredFile file)
    {
        _files.Remove(file.Id);
        if (_files.Values.All(entry => entry.File.Hash != file.Hash))
            _unusedContents.Add(file.Hash);
    }

    // The caller holds the lock.
    private FileAddition CheckQuota(string uploader, long bytes, FileQuota quota)
    {
        var own = _files.Values.Where(entry => entry.File.Uploader == uploader).ToArray();
        return own.Length >= quota.Files ? FileAddition.TooManyFiles
            : own.Sum(entry => entry.File.Bytes) + bytes > quota.Bytes ? FileAddition.TooManyBytes
            : FileAddition.Added;
    }

    private sealed record Entry(StoredFile File)
    {
        /// <summary>The messages that have the file.</summary>
        public HashSet<(string Room, long Seq)> Messages { get; } = [];
    }
}
