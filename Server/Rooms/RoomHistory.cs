using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Reads a room's past: from the recent tail where it reaches, else by blocks that all readers share, from the log. What the
/// log holds beyond the tail's end is stored, but not yet acknowledged, and is not shown. Safe from any thread.
/// </summary>
public sealed class RoomHistory(string room, IRoomLog log, RecentTail tail, HistoryCache cache)
{
    /// <summary>The newest seq that may be shown.</summary>
    public long Last => tail.Last;

    /// <summary>Events above <paramref name="after"/>, oldest first. The first one may lie higher where the log was trimmed.</summary>
    /// <exception cref="StorageException">They cannot be read at the moment.</exception>
    public async ValueTask<IReadOnlyList<EventFrame>> AfterAsync(long after, int most)
    {
        if (tail.After(after, most) is { } recent)
            return recent;

        var (found, last) = (new List<EventFrame>(), tail.Last);
        var first = Math.Max(after + 1, await FirstAsync());
        for (var block = HistoryCache.BlockOf(first); HistoryCache.FirstOf(block) <= last && found.Count < most; block++)
            found.AddRange((await BlockAsync(block, last)).Where(next => next.Seq >= first));
        return found.Page(most);
    }

    /// <summary>The newest events below <paramref name="before"/>, oldest first.</summary>
    /// <exception cref="StorageException">They cannot be read at the moment.</exception>
    public async ValueTask<IReadOnlyList<EventFrame>> BeforeAsync(long before, int most)
    {
        if (tail.Before(before, most) is { } recent)
            return recent;

        var (found, last, first) = (new List<EventFrame>(), Math.Min(before - 1, tail.Last), await FirstAsync());
        for (var block = HistoryCache.BlockOf(last); last >= first && block >= HistoryCache.BlockOf(first) && found.Count < most; block--)
            found.AddRange((await BlockAsync(block, last)).Where(next => next.Seq >= first && next.Seq <= last).Reverse());
        var page = found.Page(most);
        page.Reverse();
        return page;
    }

    /// <summary>The oldest seq that can be had.</summary>
    public async ValueTask<long> FirstAsync() => (await log.OpenAsync(room, CancellationToken.None)).First;

    private Task<IReadOnlyList<EventFrame>> BlockAsync(long block, long last) =>
        cache.GetAsync(room, block, needed: Math.Min(last, HistoryCache.FirstOf(block + 1) - 1), LoadAsync);

    private async Task<IReadOnlyList<EventFrame>> LoadAsync(long block)
    {
        var found = await log.ReadAfterAsync(room, HistoryCache.FirstOf(block) - 1, HistoryCache.BlockEvents, int.MaxValue, CancellationToken.None);
        var end = Math.Min(tail.Last, HistoryCache.FirstOf(block + 1) - 1);
        return [.. found.TakeWhile(stored => stored.Seq <= end).Select(stored => Frames.Of(room, stored))];
    }
}
