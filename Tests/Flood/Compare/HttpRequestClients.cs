using System.Globalization;
using System.Text;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>Base class of the clients over HTTP requests: <c>POST /session</c>, <c>POST /send</c>, and the cursor.</summary>
internal abstract class HttpRequestClient(CompareTarget target, Traffic traffic, Arrivals arrivals) : TransportClient(target, traffic, arrivals)
{
    private const string WireQuery = "&wire=1";

    private readonly HttpRequester _postRequester = new(target.Http, target.Host, traffic);
    private bool _isJoined;

    protected HttpRequester ReadRequester { get; } = new(target.Http, target.Host, traffic);

    protected long Cursor { get; set; }

    protected override async Task ConnectAsync(CancellationToken cancel)
    {
        if (_isJoined)
            return; // the session still exists after a cut, and the next request receives the frames after the cursor
        ProcessFrame(await _postRequester.RequestAsync("POST", "/session", """{"type":"hello"}""", cancel), overheadBytes: 0);
        _postRequester.Token = ReadRequester.Token = Token;
        // Skip the welcome in the session's outbox, because POST /session has already returned the welcome.
        Cursor = ProcessBatch(await ReadRequester.RequestAsync("GET", "/poll", null, cancel));
        foreach (var answer in ParseFrames(await _postRequester.RequestAsync("POST", "/send", CreateJoinFrame(), cancel)))
            ProcessFrame(answer.Span, overheadBytes: 0);
        _isJoined = true;
    }

    protected override void Abort()
    {
        ReadRequester.Cut();
        _postRequester.Cut();
    }

    /// <summary>Processes a poll response. Returns the next cursor.</summary>
    protected long ProcessBatch(byte[] body)
    {
        if (!PollBatch.TryRead(body, out var next, out var frames))
            throw new FloodException($"not a poll response: {Encoding.UTF8.GetString(body)}");
        // ProcessFrame uses overheadBytes only for wire frames. A wire frame is never the first frame of the array, so its overhead is one comma.
        foreach (var frame in frames)
            ProcessFrame(frame.Span, overheadBytes: 1);
        return next;
    }

    /// <summary>
    /// Creates the path of a request for the frames after the cursor. The request also asks for <c>wire</c> times if
    /// <see cref="CompareTarget.RequestsWireTimes"/> is true.
    /// </summary>
    protected string CreateFramesPath(string path, string more = "")
    {
        if (!Target.RequestsWireTimes)
            return $"{path}?after={Cursor}{more}";
        Traffic.Exclude(up: WireQuery.Length, down: 0);
        return $"{path}?after={Cursor}{more}{WireQuery}";
    }

    private static IReadOnlyList<ReadOnlyMemory<byte>> ParseFrames(byte[] body) =>
        PollBatch.TryReadArray(body, int.MaxValue, out var frames) ? frames : throw new FloodException($"not an array of answers: {Encoding.UTF8.GetString(body)}");
}

/// <summary>Interval polling.</summary>
internal sealed class PollClient(CompareTarget target, Traffic traffic, Arrivals arrivals) : HttpRequestClient(target, traffic, arrivals)
{
    protected override async Task ReadAsync(CancellationToken cancel)
    {
        while (true)
        {
            Cursor = ProcessBatch(await ReadRequester.RequestAsync("GET", CreateFramesPath("/poll"), null, cancel));
            await Task.Delay(Target.PollInterval, TimeProvider.System, cancel);
        }
    }
}

/// <summary>Long-polling.</summary>
internal sealed class LongPollClient(CompareTarget target, Traffic traffic, Arrivals arrivals) : HttpRequestClient(target, traffic, arrivals)
{
    protected override async Task ReadAsync(CancellationToken cancel)
    {
        while (true)
            Cursor = ProcessBatch(await ReadRequester.RequestAsync("GET", CreateFramesPath("/longpoll", "&wait=25"), null, cancel));
    }
}

/// <summary>
/// The streaming transports: server-sent events, lines, and the forever iframe. A response stays open and contains many frames.
/// </summary>
internal sealed class StreamClient(CompareTarget target, Traffic traffic, Arrivals arrivals, string path) : HttpRequestClient(target, traffic, arrivals)
{
    protected override async Task ReadAsync(CancellationToken cancel)
    {
        while (true)
        {
            await ReadRequester.SendRequestAsync("GET", CreateFramesPath(path), null, cancel);
            var frames = new StreamFrameReader(path, long.Parse(ReadRequester.Headers["Chat-Cursor"], CultureInfo.InvariantCulture));
            Cursor = frames.Cursor;
            while (await ReadRequester.ReadChunkAsync(cancel) is { Length: > 0 } chunk)
            {
                foreach (var frame in frames.Read(chunk))
                {
                    Cursor = frames.Cursor;
                    ProcessFrame(frame.Json, frame.OverheadBytes);
                }
            }
        }
    }
}
