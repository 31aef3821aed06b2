using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>An event of a room's log, ready for every receiver.</summary>
public sealed record EventFrame(long Seq, OutboundFrame Frame);

internal static class Frames
{
    /// <summary>Bytes of JSON that <c>joined</c> and <c>history</c> hold at the most, so that one answer stays far below what may wait.</summary>
    public const int PageBytes = 256 * 1024;

    /// <summary>Events that <c>joined</c> and <c>history</c> hold at the most.</summary>
    public const int PageEvents = 200;

    public static OutboundFrame Outbound(this ServerFrame frame) => new(ChatCodec.Encode(frame));

    /// <summary>The one place where a stored event becomes a frame.</summary>
    public static EventFrame Of(string room, RoomEvent stored)
    {
        var content = stored.Content;
        var from = new Person(content.Author, content.AuthorName);
        ServerFrame frame = content.Kind switch
        {
            RoomEventKind.Topic => new TopicFrame(room, stored.Seq, stored.At, from, content.Text),
            _ => new MessageFrame(room, stored.Seq, stored.At, from, content.Text, content.Reply, content.Me),
        };
        return new EventFrame(stored.Seq, frame.Outbound());
    }

    /// <summary>The first of them, as many as the two bounds let through, at least one where there is one.</summary>
    public static List<EventFrame> Page(this IEnumerable<EventFrame> events, int most, int mostBytes = PageBytes)
    {
        var (page, bytes) = (new List<EventFrame>(), 0);
        foreach (var next in events.Take(most))
        {
            bytes += next.Frame.Payload.Length;
            if (bytes > mostBytes && page.Count > 0)
                break;
            page.Add(next);
        }

        return page;
    }

    public static OutboundBatch Batch(this IEnumerable<EventFrame> events) => new([.. events.Select(found => found.Frame)]);

    public static IReadOnlyList<ReadOnlyMemory<byte>> Payloads(this IEnumerable<EventFrame> events) => [.. events.Select(found => found.Frame.Payload)];
}
