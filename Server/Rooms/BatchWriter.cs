using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Stores the posts of one room in batches. While the log stores one batch, the room's loop collects the posts of the next batch. The loop
/// waits for the disk only if the next batch becomes full during this time. Used by the room's loop only.
/// </summary>
/// <param name="wake">Called, on any thread, when the log has stored a batch or failed to store it.</param>
internal sealed class BatchWriter(string room, IRoomLog log, Action wake)
{
    // A larger batch would increase the latency, and would not reduce the cost of one post any further.
    private const int MaxPosts = 1024;

    // The events of a batch reach every outbox at nearly the same time. So a batch must be much smaller than an outbox
    // (Limits:OutboxBytes): otherwise a subscriber that reads without delay would look slow.
    private const int MaxBytes = 128 * 1024;

    // The next batch: the posts that the log has not received yet.
    private PostBatch _gathering = new();
    private PostBatch? _storing;
    private int _gatheringBytes;

    /// <summary>Whether the log is storing a batch.</summary>
    public bool IsStoring => _storing is not null;

    /// <summary>Whether the next batch has reached its maximum size.</summary>
    public bool IsFull => _gathering.Posts.Count >= MaxPosts || _gatheringBytes >= MaxBytes;

    /// <summary>The number of posts that are not delivered yet.</summary>
    public int PendingPosts => (_storing?.Posts.Count ?? 0) + _gathering.Posts.Count;

    /// <summary>The batch that contains the newest undelivered post; null if all posts are delivered.</summary>
    public PostBatch? LastPending => _gathering.Posts.Count > 0 ? _gathering : _storing;

    /// <summary>The newest undelivered batch that has an action of a moderator; null if there is none.</summary>
    public PostBatch? LastModerating => _gathering.HasModeration ? _gathering : _storing is { HasModeration: true } ? _storing : null;

    public void Add(PostCommand post)
    {
        _gathering.Posts.Add(post);
        _gatheringBytes += TextSize.GetBytes(post.Event.Text);
    }

    /// <summary>
    /// Takes the batch that the log has stored or failed to store, and starts to store the next batch. Returns null if no batch
    /// is ready. Never waits.
    /// </summary>
    public PostBatch? TakeStored()
    {
        if (_storing is null)
            StartStoring();
        if (_storing is not { Storing.IsCompleted: true } stored)
            return null;
        _storing = null;
        StartStoring();
        return stored;
    }

    /// <summary>Waits until the log has stored, or failed to store, the current batch.</summary>
    public async Task WaitForStoreAsync()
    {
        if (_storing is not null)
            await ((Task)_storing.Storing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void StartStoring()
    {
        if (_gathering.Posts.Count == 0)
            return;
        _storing = _gathering;
        _gathering = new PostBatch();
        _gatheringBytes = 0;
        _storing.Storing = StoreAsync(_storing.Posts);
        if (!_storing.Storing.IsCompleted)
            _storing.Storing.GetAwaiter().OnCompleted(wake);
    }

    // This method is async, so that an exception of the log is in the task and is not thrown to the caller.
    private async Task<IReadOnlyList<AppendResult>> StoreAsync(List<PostCommand> posts) =>
        await log.AppendAsync(room, posts.ConvertAll(post => post.Event), CancellationToken.None);
}

/// <summary>Posts that the log stores in one call.</summary>
internal sealed class PostBatch
{
    public List<PostCommand> Posts { get; } = [];

    /// <summary>Commands that the loop handles only after the posts of this batch are delivered.</summary>
    public List<RoomCommand> Waiting { get; } = [];

    public bool HasModeration => Posts.Exists(post => post.Event.Moderation is not null);

    /// <summary>The task that stores the posts. Its result has one entry for each post. Set when storing starts.</summary>
    public Task<IReadOnlyList<AppendResult>> Storing { get; set; } = null!;
}
