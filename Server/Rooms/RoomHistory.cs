using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Reads a room's past: from the recent tail where it reaches, else from the log. What the log holds beyond the tail's end
/// is stored, but not yet acknowledged, and is not shown. Safe from any thread.
/// </summary>
public sealed class RoomHistory(string room, IRoomLog log, RecentTail tail)
{
    /// <summary>The newest seq that may be shown.</summary>
    public long Last => tail.Last;

    /// <summary>Events above <paramref name="after"/>, oldest first. The first one may lie higher where the log was trimmed.</summary>
    public async ValueTask<IReadOnlyList<EventFrame>> AfterAsync(long after, int most)
    {
        if (tail.After(after, most) is { } recent)
            return recent;
        var found = await log.ReadAfterAsync(room, after, most, Frames.PageBytes, CancellationToken.None);
        var last = tail.Last;
        return Encode(found.TakeWhile(stored => stored.Seq <= last)).Page(most);
    }

    /// <summary>The newest events below <paramref name="before"/>, oldest first.</summary>
    public async ValueTask<IReadOnlyList<EventFrame>> BeforeAsync(long before, int most)
    {
        if (tail.Before(before, most) is { } recent)
            return recent;
        var found = await log.ReadBeforeAsync(room, Math.Min(before, tail.Last + 1), most, Frames.PageBytes, CancellationToken.None);
        var page = Encode(found.Reverse()).Page(most);
        page.Reverse();
        return page;
    }

    /// <summary>The oldest seq that can be had.</summary>
    public async ValueTask<long> FirstAsync() => (await log.OpenAsync(room, CancellationToken.None)).First;

    // One by one, as the page takes them: the log counts the bytes of texts, and as JSON they may be six times as many.
    private IEnumerable<EventFrame> Encode(IEnumerable<RoomEvent> events) => events.Select(stored => Frames.Of(room, stored));
}
