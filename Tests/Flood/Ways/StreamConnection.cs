using System.Globalization;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>Server-sent events, lines, and the forever iframe: answers that do not end.</summary>
internal sealed class StreamConnection(Wire wire, string host, Place place, IFrameListener listener, WayIn way)
    : HttpConnection(wire, host, place, listener)
{
    private readonly string _path = way switch { WayIn.Sse => "/events?", WayIn.IFrame => "/iframe?callback=f&", _ => "/stream?" };
    private LineSplitter _lines = new();
    private EventStreamReader _events = new();

    protected override bool IsStreaming => true;

    protected override void Ask() => AskFor($"{_path}after={Place.Cursor}");

    protected override void Begin(IReadOnlyDictionary<string, string> headers, long now)
    {
        (_lines, _events) = (new LineSplitter(), new EventStreamReader());
        if (!headers.TryGetValue("Chat-Cursor", out var told) || !long.TryParse(told, NumberStyles.None, CultureInfo.InvariantCulture, out var cursor))
        {
            GiveUp("a stream without Chat-Cursor");
            return;
        }
        // Another number is a new beginning, and a welcome says so.
        if (cursor == Place.Cursor) TellResumed(now);
        Place.Cursor = cursor;
    }

    protected override void Some(ReadOnlySpan<byte> bytes, long now)
    {
        while (_lines.TryLine(ref bytes, out var line))
        {
            if (way == WayIn.Sse)
            {
                if (!_events.TryReceive(line, out var data)) continue;
                Tell(data, now);
                Place.Cursor = _events.LastEventId ?? Place.Cursor;
                continue;
            }
            var frame = way == WayIn.IFrame ? Argument(line) : line;
            if (frame.IsEmpty) continue;
            Tell(frame, now);
            if (!frame.StartsWith("{\"type\":\"bye\""u8)) Place.Cursor++;
        }
    }

    // The iframe's page ends after half a mebibyte; any stream does after its bye.
    protected override void EndOfStream() => Ask();

    // <script nonce="…">f({…})</script>
    private static ReadOnlySpan<byte> Argument(ReadOnlySpan<byte> line)
    {
        var start = line.IndexOf(">f("u8);
        return start >= 0 && line.StartsWith("<script"u8) && line.EndsWith(")</script>"u8) ? line[(start + 3)..^10] : default;
    }
}
