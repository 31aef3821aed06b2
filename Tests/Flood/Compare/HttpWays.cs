using System.Globalization;
using System.Text;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>What the ways over plain requests share: POST /session, POST /send, and the cursor.</summary>
internal abstract class HttpWay(CompareTarget target, Traffic traffic, Arrivals arrivals) : Way(target, traffic, arrivals)
{
    private readonly HttpLine _posting = new(target.Http, target.Host, traffic);
    private bool _isIn;

    protected HttpLine Reading { get; } = new(target.Http, target.Host, traffic);

    protected long Cursor { get; set; }

    protected override async Task ConnectAsync(CancellationToken cancel)
    {
        if (_isIn)
            return; // the session kept its place and what came meanwhile: the next request gets it
        Take(await _posting.AskAsync("POST", "/session", """{"type":"hello"}""", cancel));
        _posting.Token = Reading.Token = Token;
        // The new session's welcome is told by POST /session already.
        Cursor = ReadBatch(await Reading.AskAsync("GET", "/poll", null, cancel));
        foreach (var answer in Frames(await _posting.AskAsync("POST", "/send", JoinFrame(), cancel)))
            Take(answer.Span);
        _isIn = true;
    }

    protected override void Drop()
    {
        Reading.Cut();
        _posting.Cut();
    }

    /// <summary>Takes a poll's answer. Gives the next cursor.</summary>
    protected long ReadBatch(byte[] body)
    {
        if (!PollBatch.TryRead(body, out var next, out var frames))
            throw new FloodException($"no answer to a poll: {Encoding.UTF8.GetString(body)}");
        foreach (var frame in frames)
            Take(frame.Span);
        return next;
    }

    private static IReadOnlyList<ReadOnlyMemory<byte>> Frames(byte[] body) =>
        PollBatch.TryReadArray(body, int.MaxValue, out var frames) ? frames : throw new FloodException($"no answers: {Encoding.UTF8.GetString(body)}");
}

/// <summary>Interval polling.</summary>
internal sealed class PollWay(CompareTarget target, Traffic traffic, Arrivals arrivals) : HttpWay(target, traffic, arrivals)
{
    protected override async Task ReadAsync(CancellationToken cancel)
    {
        while (true)
        {
            Cursor = ReadBatch(await Reading.AskAsync("GET", $"/poll?after={Cursor}", null, cancel));
            await Task.Delay(Target.PollInterval, TimeProvider.System, cancel);
        }
    }
}

/// <summary>Long-polling.</summary>
internal sealed class LongPollWay(CompareTarget target, Traffic traffic, Arrivals arrivals) : HttpWay(target, traffic, arrivals)
{
    protected override async Task ReadAsync(CancellationToken cancel)
    {
        while (true)
            Cursor = ReadBatch(await Reading.AskAsync("GET", $"/longpoll?after={Cursor}&wait=25", null, cancel));
    }
}

/// <summary>Server-sent events, lines, and the forever iframe: answers that do not end.</summary>
internal sealed class StreamWay(CompareTarget target, Traffic traffic, Arrivals arrivals, string path) : HttpWay(target, traffic, arrivals)
{
    protected override async Task ReadAsync(CancellationToken cancel)
    {
        while (true)
        {
            await Reading.OpenAsync("GET", $"{path}?after={Cursor}", null, cancel);
            Cursor = long.Parse(Reading.Headers["Chat-Cursor"], CultureInfo.InvariantCulture);
            var events = new EventStreamReader();
            var rest = new List<byte>();
            while (await Reading.ReadChunkAsync(cancel) is { Length: > 0 } chunk)
            {
                rest.AddRange(chunk.Span);
                for (var end = rest.IndexOf((byte)'\n'); end >= 0; end = rest.IndexOf((byte)'\n'))
                {
                    TakeLine(rest.GetRange(0, end).ToArray(), events);
                    rest.RemoveRange(0, end + 1);
                }
            }
        }
    }

    private void TakeLine(byte[] line, EventStreamReader events)
    {
        var frame = path switch
        {
            "/events" => events.TryReceive(line, out var data) ? data : [],
            "/iframe" => Argument(line),
            _ => line,
        };
        if (frame.Length == 0)
            return;
        Cursor = path == "/events" ? events.LastEventId!.Value : Cursor + 1;
        Take(frame);
    }

    // <script nonce="…">parent.onFrame({…})</script>
    private static byte[] Argument(byte[] line)
    {
        var start = line.AsSpan().IndexOf("onFrame("u8);
        var end = line.AsSpan().LastIndexOf(")</script>"u8);
        return start < 0 || end < 0 ? [] : line[(start + "onFrame(".Length)..end];
    }
}
