using System.Text;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>Interval polling and long-polling: each response has the frames since the last response.</summary>
/// <param name="settings">The address of the server.</param>
/// <param name="host">The value of the Host header.</param>
/// <param name="state">The member's session.</param>
/// <param name="listener">Receives the frames.</param>
/// <param name="interval">The pause between a response and the next request; null: long-polling, which has no pause.</param>
internal sealed class PollConnection(SocketSettings settings, string host, SessionState state, IFrameListener listener, TimeSpan? interval)
    : HttpConnection(settings, host, state, listener)
{
    private ITimer? _nextRequest;

    protected override bool IsStreaming => false;

    protected override void RequestFrames() => SendGet(interval is null ? $"/longpoll?after={State.Cursor}&wait=25" : $"/poll?after={State.Cursor}");

    protected override void OnResponseComplete(ReadOnlyMemory<byte> body, long now)
    {
        if (!PollBatch.TryRead(body, out var next, out var frames))
        {
            Fail($"not a poll response: {Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, 200)])}");
            return;
        }
        if (frames.Count == 0 || !frames[0].Span.StartsWith("{\"type\":\"welcome\""u8)) DeliverResumed(now);
        foreach (var frame in frames) DeliverFrame(frame.Span, now);
        State.Cursor = next;
        ScheduleNextRequest();
    }

    // Does not block, because SocketPump.Send never blocks.
    private void ScheduleNextRequest()
    {
        if (interval is not { } pause)
        {
            RequestFrames();
            return;
        }
        _nextRequest?.Dispose();
        _nextRequest = TimeProvider.System.CreateTimer(_ => RequestFrames(), null, pause, Timeout.InfiniteTimeSpan);
    }

    protected override void OnDispose() => _nextRequest?.Dispose();
}
