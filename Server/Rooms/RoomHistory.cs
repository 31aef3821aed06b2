using RawSocketChat.Protocol.Chat;
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

    /// <summary>What follows a cursor: what cannot be had, then what can.</summary>
    /// <exception cref="StorageException">It cannot be read at the moment.</exception>
    public async ValueTask<Stretch> AfterCursorAsync(long cursor, int most)
    {
        var last = Last;
        var page = await AfterAsync(cursor, most);
        // Where nothing is left up to what was the end, all of it was trimmed.
        var next = page.Count > 0 ? page[0].Seq : Math.Max(cursor, last) + 1;
        return new Stretch(next > cursor + 1 ? new GapFrame(room, cursor + 1, next - 1) : null, page, page.Count > 0 ? page[^1].Seq : next - 1);
    }

    /// <summary>
    /// Neighbouring events above <paramref name="after"/>, oldest first. The first one may lie higher where the log was trimmed;
    /// there are none only where none is left.
    /// </summary>
    /// <exception cref="StorageException">They cannot be read at the moment.</exception>
    public async ValueTask<IReadOnlyList<EventFrame>> AfterAsync(long after, int most)
    {
        var (found, last) = (new List<EventFrame>(), tail.Last);
        var first = Math.Max(Math.Min(after, last) + 1, await FirstAsync());
        if (tail.After(first - 1, most) is { } recent)
            return recent;

        for (var block = HistoryCache.BlockOf(first); HistoryCache.FirstOf(block) <= last && found.Count < most; block++)
        {
            // Trimming goes on while this reads: behind a hole that it leaves begins another page.
            foreach (var next in (await BlockAsync(block, last)).Where(next => next.Seq >= first))
            {
                if (found.Count > 0 && next.Seq != found[^1].Seq + 1)
                    return found.Page(most);
                found.Add(next);
            }
        }

        return found.Page(most);
    }

    /// <summary>The newest events below <paramref name="before"/>, neighbours, oldest first.</summary>
    /// <exception cref="StorageException">They cannot be read at the moment.</exception>
    public async ValueTask<IReadOnlyList<EventFrame>> BeforeAsync(long before, int most)
    {
        var first = await FirstAsync();
        if (tail.Before(before, most) is { } recent)
            return [.. recent.Where(found => found.Seq >= first)];

        var page = (await NewestFirstAsync(Math.Min(before - 1, tail.Last), first, most)).Page(most);
        page.Reverse();
        return page;
    }

    /// <summary>The oldest seq that can be had.</summary>
    public async ValueTask<long> FirstAsync() => (await log.OpenAsync(room, CancellationToken.None)).First;

    private async Task<List<EventFrame>> NewestFirstAsync(long last, long first, int most)
    {
        var found = new List<EventFrame>();
        for (var block = HistoryCache.BlockOf(last); last >= first && block >= HistoryCache.BlockOf(first) && found.Count < most; block--)
        {
            foreach (var next in (await BlockAsync(block, last)).Where(next => next.Seq >= first && next.Seq <= last).Reverse())
            {
                if (found.Count > 0 && next.Seq != found[^1].Seq - 1)
                    return found;
                found.Add(next);
            }
        }

        return found;
    }

    private Task<IReadOnlyList<EventFrame>> BlockAsync(long block, long last) =>
        cache.GetAsync(room, block, needed: Math.Min(last, HistoryCache.FirstOf(block + 1) - 1), LoadAsync);

    private async Task<IReadOnlyList<EventFrame>> LoadAsync(long block)
    {
        var found = await log.ReadAfterAsync(room, HistoryCache.FirstOf(block) - 1, HistoryCache.BlockEvents, int.MaxValue, CancellationToken.None);
        var end = Math.Min(tail.Last, HistoryCache.FirstOf(block + 1) - 1);
        return [.. found.TakeWhile(stored => stored.Seq <= end).Select(stored => Frames.Of(room, stored))];
    }
}

/// <summary>A stretch of a room's past.</summary>
/// <param name="Gap">What cannot be had before it; null where nothing is missing.</param>
/// <param name="Events">What can, oldest first.</param>
/// <param name="Cursor">Where the next stretch begins: the newest seq that this one speaks of.</param>
public sealed record Stretch(GapFrame? Gap, IReadOnlyList<EventFrame> Events, long Cursor);
