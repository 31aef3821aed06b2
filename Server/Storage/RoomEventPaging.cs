using System.Text;

namespace RawSocketChat.Server.Storage;

internal static class RoomEventPaging
{
    /// <summary>Takes the first events that fit into both limits. If even the first event is too large, takes only this event.</summary>
    /// <param name="maxBytes">Limit for the sum of the texts' lengths in UTF-8 bytes.</param>
    public static List<RoomEvent> TakePage(this IEnumerable<RoomEvent> events, int max, int maxBytes)
    {
        var (page, bytes) = (new List<RoomEvent>(), 0);
        foreach (var next in events.Take(max))
        {
            bytes += Encoding.UTF8.GetByteCount(next.Content.Text);
            if (bytes > maxBytes && page.Count > 0)
                break;
            page.Add(next);
        }

        return page;
    }
}
