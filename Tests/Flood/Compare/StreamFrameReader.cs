using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>A frame of a streaming response.</summary>
/// <param name="Json">The frame.</param>
/// <param name="OverheadBytes">The bytes of framing around the frame.</param>
internal readonly record struct StreamedFrame(byte[] Json, int OverheadBytes);

/// <summary>Reads frames and the cursor from a streaming response, which may arrive in pieces of any size.</summary>
/// <param name="path">The path of the request: <c>/events</c>, <c>/stream</c> or <c>/iframe</c>.</param>
/// <param name="cursor">The cursor before the first frame.</param>
internal sealed class StreamFrameReader(string path, long cursor)
{
    private static readonly byte[][] UncountedPrefixes = ["{\"type\":\"wire\""u8.ToArray(), "{\"type\":\"bye\""u8.ToArray(), "{\"type\":\"pong\""u8.ToArray()];

    private readonly EventStreamReader _events = new();
    private readonly List<byte> _buffer = [];
    private int _overheadBytes;

    /// <summary>The cursor that confirms all returned frames.</summary>
    public long Cursor { get; private set; } = cursor;

    /// <summary>Processes the next piece, and returns the frames that it completes.</summary>
    public IEnumerable<StreamedFrame> Read(ReadOnlyMemory<byte> piece)
    {
        _buffer.AddRange(piece.Span);
        for (var end = _buffer.IndexOf((byte)'\n'); end >= 0; end = _buffer.IndexOf((byte)'\n'))
        {
            var line = _buffer.GetRange(0, end).ToArray();
            _buffer.RemoveRange(0, end + 1);
            _overheadBytes += line.Length + 1;
            var json = ExtractJson(line);
            if (json.Length == 0)
                continue;
            if (path == "/events")
                Cursor = _events.LastEventId ?? Cursor;
            else if (!Array.Exists(UncountedPrefixes, start => json.AsSpan().StartsWith(start)))
                Cursor++;
            yield return new StreamedFrame(json, _overheadBytes - json.Length);
            _overheadBytes = 0;
        }
    }

    private byte[] ExtractJson(byte[] line) => path switch
    {
        "/events" => _events.TryReceive(line, out var data) ? data : [],
        "/iframe" => ExtractArgument(line),
        _ => line,
    };

    // <script nonce="…">parent.onFrame({…})</script>
    private static byte[] ExtractArgument(byte[] line)
    {
        var start = line.AsSpan().IndexOf("onFrame("u8);
        var end = line.AsSpan().LastIndexOf(")</script>"u8);
        return start < 0 || end < 0 ? [] : line[(start + "onFrame(".Length)..end];
    }
}
