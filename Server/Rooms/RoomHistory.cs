using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Reads a room's past: from the recent tail where it reaches, else from the log. What the log holds beyond the tail's end
/// is stored, but not yet acknowledged, and is not shown. Safe from any thread.
/// </summary>
public sealed class RoomHistory(string room, IRoomLog log, RecentTail tail)
{
    /// <summary>Events above <paramref name="after"/>, oldest first. The first one may lie higher where the log was trimmed.</summary>
    public async ValueTask<IReadOnlyList<EventFrame>> AfterAsync(long after, int most)
    {
        if (tail.After(after, most, Frames.PageBytes) is { } recent)
            return recent;
        var found = await log.ReadAfterAsync(room, after, most, Frames.PageBytes, CancellationToken.None);
        var last = tail.Last;
        return Bound(Encode(found.TakeWhile(stored => stored.Seq <= last)));
    }

    /// <summary>The newest events below <paramref name="before"/>, oldest first.</summary>
    public async ValueTask<IReadOnlyList<EventFrame>> BeforeAsync(long before, int most)
    {
        if (tail.Before(before, most, Frames.PageBytes) is { } recent)
            return recent;
        var found = await log.ReadBeforeAsync(room, Math.Min(before, tail.Last + 1), most, Frames.PageBytes, CancellationToken.None);
        var newestFirst = Bound(Encode(found.Reverse()));
        newestFirst.Reverse();
        return newestFirst;
    }

    /// <summary>The oldest seq that can be had.</summary>
    public async ValueTask<long> FirstAsync() => (await log.OpenAsync(room, CancellationToken.None)).First;

    private List<EventFrame> Encode(IEnumerable<RoomEvent> events) => [.. events.Select(stored => Frames.Of(room, stored))];

    // The log counts the bytes of texts; as JSON they may be six times as many.
    private static List<EventFrame> Bound(List<EventFrame> events)
    {
        var bytes = 0;
        var fit = events.TakeWhile(found => (bytes += found.Frame.Payload.Length) <= Frames.PageBytes).Count();
        return events[..Math.Min(Math.Max(fit, 1), events.Count)];
    }
}
