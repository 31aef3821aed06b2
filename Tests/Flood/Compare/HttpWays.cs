using System.Globalization;
using System.Text;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>What the ways over plain requests share: POST /session, POST /send, and the cursor.</summary>
internal abstract class HttpWay(CompareTarget target, Traffic traffic, Arrivals arrivals) : Way(target, traffic, arrivals)
{
    private const string StampQuery = "&wire=1";

    private readonly HttpLine _posting = new(target.Http, target.Host, traffic);
    private bool _isIn;

    protected HttpLine Reading { get; } = new(target.Http, target.Host, traffic);

    protected long Cursor { get; set; }

    protected override async Task ConnectAsync(CancellationToken cancel)
    {
        if (_isIn)
            return; // the session kept its place and what came meanwhile: the next request gets it
        Take(await _posting.AskAsync("POST", "/session", """{"type":"hello"}""", cancel), around: 0);
        _posting.Token = Reading.Token = Token;
        // The new session's welcome is told by POST /session already.
        Cursor = ReadBatch(await Reading.AskAsync("GET", "/poll", null, cancel));
        foreach (var answer in Frames(await _posting.AskAsync("POST", "/send", JoinFrame(), cancel)))
            Take(answer.Span, around: 0);
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
        // A comma before each but the first: before a stamp there always is another.
        foreach (var frame in frames)
            Take(frame.Span, around: 1);
        return next;
    }

    /// <summary>What asks for the frames after the cursor, and when they were handed over.</summary>
    protected string Asking(string path, string more = "")
    {
        if (!Target.IsSplit)
            return $"{path}?after={Cursor}{more}";
        Traffic.TakeOff(up: StampQuery.Length, down: 0);
        return $"{path}?after={Cursor}{more}{StampQuery}";
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
            Cursor = ReadBatch(await Reading.AskAsync("GET", Asking("/poll"), null, cancel));
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
            Cursor = ReadBatch(await Reading.AskAsync("GET", Asking("/longpoll", "&wait=25"), null, cancel));
    }
}

/// <summary>Server-sent events, lines, and the forever iframe: answers that do not end.</summary>
internal sealed class StreamWay(CompareTarget target, Traffic traffic, Arrivals arrivals, string path) : HttpWay(target, traffic, arrivals)
{
    protected override async Task ReadAsync(CancellationToken cancel)
    {
        while (true)
        {
            await Reading.OpenAsync("GET", Asking(path), null, cancel);
            var frames = new StreamFrames(path, long.Parse(Reading.Headers["Chat-Cursor"], CultureInfo.InvariantCulture));
            Cursor = frames.Cursor;
            while (await Reading.ReadChunkAsync(cancel) is { Length: > 0 } chunk)
            {
                foreach (var frame in frames.Take(chunk))
                {
                    Cursor = frames.Cursor;
                    Take(frame.Json, frame.Around);
                }
            }
        }
    }
}
