using System.Globalization;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>
/// The streaming transports: server-sent events, lines, and the forever iframe. A response stays open and contains many frames.
/// </summary>
internal sealed class StreamConnection(SocketSettings settings, string host, SessionState state, IFrameListener listener, Transport transport)
    : HttpConnection(settings, host, state, listener)
{
    private readonly string _path = transport switch { Transport.Sse => "/events?", Transport.IFrame => "/iframe?callback=f&", _ => "/stream?" };
    private LineSplitter _lines = new();
    private EventStreamReader _events = new();

    protected override bool IsStreaming => true;

    protected override void RequestFrames() => SendGet($"{_path}after={State.Cursor}");

    protected override void OnResponseStarted(IReadOnlyDictionary<string, string> headers, long now)
    {
        (_lines, _events) = (new LineSplitter(), new EventStreamReader());
        if (!headers.TryGetValue("Chat-Cursor", out var header) || !long.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out var cursor))
        {
            Fail("the stream has no valid Chat-Cursor header");
            return;
        }
        // If the cursor differs, the server has started a new session, and a welcome follows.
        if (cursor == State.Cursor) DeliverResumed(now);
        State.Cursor = cursor;
    }

    protected override void OnStreamBytes(ReadOnlySpan<byte> bytes, long now)
    {
        while (_lines.TryReadLine(ref bytes, out var line))
        {
            if (transport == Transport.Sse)
            {
                if (!_events.TryReceive(line, out var data)) continue;
                DeliverFrame(data, now);
                State.Cursor = _events.LastEventId ?? State.Cursor;
                continue;
            }
            var frame = transport == Transport.IFrame ? ExtractArgument(line) : line;
            if (frame.IsEmpty) continue;
            DeliverFrame(frame, now);
            if (!frame.StartsWith("{\"type\":\"bye\""u8)) State.Cursor++;
        }
    }

    // The server ends the response of the iframe after 512 KiB (its default), and every stream after a bye. So request the next stream.
    protected override void OnStreamEnded() => RequestFrames();

    // <script nonce="…">f({…})</script>
    private static ReadOnlySpan<byte> ExtractArgument(ReadOnlySpan<byte> line)
    {
        var start = line.IndexOf(">f("u8);
        return start >= 0 && line.StartsWith("<script"u8) && line.EndsWith(")</script>"u8) ? line[(start + 3)..^10] : default;
    }
}
