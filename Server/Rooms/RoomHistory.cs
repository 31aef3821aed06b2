using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Reads the past events of a room. If the recent tail has the events, the events come from the tail. Otherwise the events come from the
/// log, in blocks that all readers share through the cache. An event that is in the log but not yet in the tail is not acknowledged yet, so
/// no read returns this event. Thread-safe.
/// </summary>
public sealed class RoomHistory(string room, IRoomLog log, RecentTail tail, HistoryCache cache)
{
    /// <summary>The seq of the newest event that clients may read.</summary>
    public long LastSeq => tail.LastSeq;

    /// <summary>Reads the events after a cursor. If some of these events were trimmed, the page also has the gap.</summary>
    /// <exception cref="StorageException">The log cannot be read at the moment.</exception>
    public async ValueTask<HistoryPage> ReadAfterCursorAsync(long cursor, int maxEvents)
    {
        var last = LastSeq;
        var page = await ReadAfterAsync(cursor, maxEvents);

        // If the page is empty, the cursor is at the end of the log, or all events after the cursor were trimmed.
        var next = page.Count > 0 ? page[0].Seq : Math.Max(cursor, last) + 1;
        return new HistoryPage(next > cursor + 1 ? new GapFrame(room, cursor + 1, next - 1) : null, page, page.Count > 0 ? page[^1].Seq : next - 1);
    }

    /// <summary>
    /// Reads consecutive events above <paramref name="after"/>, oldest first. If the log was trimmed, the first of them may have a seq
    /// greater than <paramref name="after"/> + 1. The result is empty only if the log has no event above <paramref name="after"/>.
    /// </summary>
    /// <exception cref="StorageException">The log cannot be read at the moment.</exception>
    public async ValueTask<IReadOnlyList<EventFrame>> ReadAfterAsync(long after, int maxEvents)
    {
        var (found, last) = (new List<EventFrame>(), tail.LastSeq);
        var first = Math.Max(Math.Min(after, last) + 1, await GetFirstSeqAsync());
        if (tail.GetAfter(first - 1, maxEvents) is { } recent)
            return recent;

        // Load all blocks of the page at the same time. At a server that is far away from the database, a catch-up that loads one block after the other
        // could be slower than a busy room.
        var loading = new Queue<Task<IReadOnlyList<EventFrame>>>();
        for (var block = HistoryCache.GetBlockNumber(first); found.Count < maxEvents;)
        {
            while (HistoryCache.GetFirstSeq(block) <= last && (loading.Count == 0 || HistoryCache.GetFirstSeq(block) < first + maxEvents))
                loading.Enqueue(GetBlockAsync(block++, last));
            if (!loading.TryDequeue(out var loaded))
                break;
            // The log may be trimmed at the same time, which can leave a hole between two blocks. In that case the page ends before the
            // hole.
            foreach (var next in (await loaded).Where(next => next.Seq >= first))
            {
                if (found.Count > 0 && next.Seq != found[^1].Seq + 1)
                    return found.TakePage(maxEvents);
                found.Add(next);
            }
        }

        return found.TakePage(maxEvents);
    }

    /// <summary>Reads the newest consecutive events below <paramref name="before"/>, oldest first.</summary>
    /// <exception cref="StorageException">The log cannot be read at the moment.</exception>
    public async ValueTask<IReadOnlyList<EventFrame>> ReadBeforeAsync(long before, int maxEvents)
    {
        var first = await GetFirstSeqAsync();
        if (tail.GetBefore(before, maxEvents) is { } recent)
            return [.. recent.Where(found => found.Seq >= first)];

        var page = (await ReadNewestFirstAsync(Math.Min(before - 1, tail.LastSeq), first, maxEvents)).TakePage(maxEvents);
        page.Reverse();
        return page;
    }

    /// <summary>
    /// Reads one event; null if there is none, or if it is trimmed. Other reads return a new event only after its ack. This method returns it
    /// as soon as it is stored, because the sender may refer to it immediately after the ack.
    /// </summary>
    /// <exception cref="StorageException">The log cannot be read at the moment.</exception>
    public async ValueTask<RoomEvent?> FindAsync(long seq) =>
        seq < 1 ? null
        : await log.ReadAfterAsync(room, seq - 1, 1, int.MaxValue, CancellationToken.None) is [var found, ..] && found.Seq == seq ? found : null;

    /// <summary>
    /// Replaces a changed message in memory. After that, later reads and the outboxes send the new text, not the earlier one. Called by the
    /// room's loop only.
    /// </summary>
    /// <param name="hasNewText">True if the message was edited or deleted; false if only its reactions have changed.</param>
    /// <param name="wasEdited">Whether the earlier text may also be in the events of earlier edits.</param>
    public void Replace(RoomEvent changed, bool hasNewText, bool wasEdited)
    {
        var block = HistoryCache.GetBlockNumber(changed.Seq);
        cache.Remove(room, block, hasNewText && wasEdited ? long.MaxValue : block);
        tail.Replace(EventFrames.Create(room, changed));
        if (hasNewText && wasEdited)
            tail.ReplaceEdits(changed.Seq, changed.Content.Text, changed.Content.Mentions);
    }

    /// <summary>The seq of the oldest event that is not trimmed.</summary>
    public async ValueTask<long> GetFirstSeqAsync() => (await log.OpenAsync(room, CancellationToken.None)).First;

    private async Task<List<EventFrame>> ReadNewestFirstAsync(long last, long first, int maxEvents)
    {
        var found = new List<EventFrame>();
        for (var block = HistoryCache.GetBlockNumber(last); last >= first && block >= HistoryCache.GetBlockNumber(first) && found.Count < maxEvents; block--)
        {
            foreach (var next in (await GetBlockAsync(block, last)).Where(next => next.Seq >= first && next.Seq <= last).Reverse())
            {
                if (found.Count > 0 && next.Seq != found[^1].Seq - 1)
                    return found;
                found.Add(next);
            }
        }

        return found;
    }

    private Task<IReadOnlyList<EventFrame>> GetBlockAsync(long block, long last) =>
        cache.GetAsync(room, block, neededSeq: Math.Min(last, HistoryCache.GetFirstSeq(block + 1) - 1), LoadBlockAsync);

    private async Task<IReadOnlyList<EventFrame>> LoadBlockAsync(long block)
    {
        var found = await log.ReadAfterAsync(room, HistoryCache.GetFirstSeq(block) - 1, HistoryCache.BlockEvents, int.MaxValue, CancellationToken.None);
        var end = Math.Min(tail.LastSeq, HistoryCache.GetFirstSeq(block + 1) - 1);
        return [.. found.TakeWhile(stored => stored.Seq <= end).Select(stored => EventFrames.Create(room, stored))];
    }
}

/// <summary>A page of a room's events.</summary>
/// <param name="Gap">The trimmed events between the cursor and this page; null if there are none.</param>
/// <param name="Events">The events, oldest first.</param>
/// <param name="Cursor">The cursor of the next page: the newest seq that this page has or reports as missing.</param>
public sealed record HistoryPage(GapFrame? Gap, IReadOnlyList<EventFrame> Events, long Cursor);
