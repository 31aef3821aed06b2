using System.Text;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>Interval polling and long-polling: one answer after the other, each with the frames since the last.</summary>
/// <param name="wire">Where to.</param>
/// <param name="host">As which host.</param>
/// <param name="place">As whom.</param>
/// <param name="listener">Who hears the frames.</param>
/// <param name="interval">Between an answer and the next question; null: long-polling, which asks again at once.</param>
internal sealed class PollConnection(Wire wire, string host, Place place, IFrameListener listener, TimeSpan? interval)
    : HttpConnection(wire, host, place, listener)
{
    private ITimer? _next;

    protected override bool IsStreaming => false;

    protected override void Ask() => AskFor(interval is null ? $"/longpoll?after={Place.Cursor}&wait=25" : $"/poll?after={Place.Cursor}");

    protected override void Whole(ReadOnlyMemory<byte> body, long now)
    {
        if (!PollBatch.TryRead(body, out var next, out var frames))
        {
            GiveUp($"no answer to a poll: {Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, 200)])}");
            return;
        }
        if (frames.Count == 0 || !frames[0].Span.StartsWith("{\"type\":\"welcome\""u8)) TellResumed(now);
        foreach (var frame in frames) Tell(frame.Span, now);
        Place.Cursor = next;
        AskAgain();
    }

    // A question is small, and nothing of the last one waits in the socket any more: this does not block.
    private void AskAgain()
    {
        if (interval is not { } pause)
        {
            Ask();
            return;
        }
        _next?.Dispose();
        _next = TimeProvider.System.CreateTimer(_ => Ask(), null, pause, Timeout.InfiniteTimeSpan);
    }

    protected override void OnDispose() => _next?.Dispose();
}
