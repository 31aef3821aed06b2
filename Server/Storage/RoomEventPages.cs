using System.Text;

namespace RawSocketChat.Server.Storage;

internal static class RoomEventPages
{
    /// <summary>The first of them, as many as the two bounds let through, at least one where there is one.</summary>
    /// <param name="mostBytes">A bound on the sum of their texts' UTF-8 bytes.</param>
    public static List<RoomEvent> Page(this IEnumerable<RoomEvent> events, int most, int mostBytes)
    {
        var (page, bytes) = (new List<RoomEvent>(), 0);
        foreach (var next in events.Take(most))
        {
            bytes += Encoding.UTF8.GetByteCount(next.Content.Text);
            if (bytes > mostBytes && page.Count > 0)
                break;
            page.Add(next);
        }

        return page;
    }
}
