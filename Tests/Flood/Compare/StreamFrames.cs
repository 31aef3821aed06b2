using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>One frame of an endless answer.</summary>
/// <param name="Json">The frame.</param>
/// <param name="Around">Bytes that stood around it.</param>
internal readonly record struct StreamedFrame(byte[] Json, int Around);

/// <summary>The frames of an endless answer, whatever pieces it comes in, and how far they move the cursor.</summary>
/// <param name="path">Which of the three it is: <c>/events</c>, <c>/stream</c> or <c>/iframe</c>.</param>
/// <param name="cursor">What confirms all before the first frame.</param>
internal sealed class StreamFrames(string path, long cursor)
{
    private static readonly byte[][] Uncounted = ["{\"type\":\"wire\""u8.ToArray(), "{\"type\":\"bye\""u8.ToArray(), "{\"type\":\"pong\""u8.ToArray()];

    private readonly EventStreamReader _events = new();
    private readonly List<byte> _rest = [];
    private int _around;

    /// <summary>What confirms all frames that were given.</summary>
    public long Cursor { get; private set; } = cursor;

    /// <summary>Takes the next piece and gives the frames that are complete by it.</summary>
    public IEnumerable<StreamedFrame> Take(ReadOnlyMemory<byte> piece)
    {
        _rest.AddRange(piece.Span);
        for (var end = _rest.IndexOf((byte)'\n'); end >= 0; end = _rest.IndexOf((byte)'\n'))
        {
            var line = _rest.GetRange(0, end).ToArray();
            _rest.RemoveRange(0, end + 1);
            _around += line.Length + 1;
            var json = JsonOf(line);
            if (json.Length == 0)
                continue;
            if (path == "/events")
                Cursor = _events.LastEventId ?? Cursor;
            else if (!Array.Exists(Uncounted, start => json.AsSpan().StartsWith(start)))
                Cursor++;
            yield return new StreamedFrame(json, _around - json.Length);
            _around = 0;
        }
    }

    private byte[] JsonOf(byte[] line) => path switch
    {
        "/events" => _events.TryReceive(line, out var data) ? data : [],
        "/iframe" => Argument(line),
        _ => line,
    };

    // <script nonce="…">parent.onFrame({…})</script>
    private static byte[] Argument(byte[] line)
    {
        var start = line.AsSpan().IndexOf("onFrame("u8);
        var end = line.AsSpan().LastIndexOf(")</script>"u8);
        return start < 0 || end < 0 ? [] : line[(start + "onFrame(".Length)..end];
    }
}
