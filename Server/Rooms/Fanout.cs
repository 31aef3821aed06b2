using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Sends stored events to every live subscriber of a room. Most of the cost of a delivery is its system call, and a call with three
/// messages costs about as much as a call with one. So a busy room gathers events: after each fan-out, the room pauses for a multiple of
/// the time that the fan-out took. When the pause ends, the room sends the gathered events together. A pause ends at most one gathering
/// window after the start of the last fan-out. In a small room, the pause is too short to notice. An event that comes after the pause is sent
/// immediately. Used by the room's loop only.
/// </summary>
/// <param name="gatheringWindow">The maximum time from the start of one fan-out to the start of the next one while events wait.</param>
/// <param name="wake">Called on any thread when the pause ends. The loop must then call <see cref="FlushIfDue"/>.</param>
internal sealed class Fanout(Room room, TimeSpan gatheringWindow, TimeProvider time, Action wake)
{
    // The pause is four times as long as the fan-out. So a room that always has events to send spends about a fifth of its time on fan-outs,
    // or more if one of the limits below makes the pause shorter. With 1,000 subscribers a fan-out takes about 5 ms, so 100 messages a second
    // are sent in groups of two or three.
    private const int PauseFactor = 4;

    // A timer is not precise enough for a shorter pause.
    private static readonly TimeSpan MinPause = TimeSpan.FromMilliseconds(1);

    // About a dozen packets. If this many bytes are gathered, the room sends them before the pause ends: the cost of a larger send grows with its
    // size, so more gathering would save nothing.
    private const int MaxGatheredBytes = 16 * 1024;

    // A message must be much smaller than an outbox (Limits:OutboxBytes), because an outbox accepts or rejects the whole message. The number is
    // larger than MaxGatheredBytes, so that the usual fan-out is one message.
    private const int MaxMessageBytes = 64 * 1024;

    private readonly List<EventFrame> _gathered = [];
    private ITimer? _timer;
    private TimeSpan _pause;
    private long _lastFanoutEnd;
    private int _gatheredBytes;
    private volatile bool _isDue;

    /// <summary>Sends events now, or when the pause ends.</summary>
    public void Deliver(List<EventFrame> events)
    {
        if (_gathered.Count == 0)
        {
            var left = _pause - (_pause > TimeSpan.Zero ? time.GetElapsedTime(_lastFanoutEnd) : TimeSpan.Zero);
            if (left < MinPause)
            {
                SendToAll(events);
                return;
            }

            _timer ??= time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(left, Timeout.InfiniteTimeSpan);
        }

        foreach (var next in events)
        {
            _gathered.Add(next);
            _gatheredBytes += next.Frame.Payload.Length;
        }

        if (_gatheredBytes >= MaxGatheredBytes)
            Flush();
    }

    /// <summary>Sends the gathered events if the pause is over. The loop calls this method after each command.</summary>
    public void FlushIfDue()
    {
        if (!_isDue)
            return;
        _isDue = false;
        Flush();
    }

    /// <summary>
    /// Sends the gathered events now. The loop calls this method before a command whose effect must come after these events.
    /// </summary>
    public void Flush()
    {
        if (_gathered.Count == 0)
            return;
        SendToAll(_gathered);
        _gathered.Clear();
        _gatheredBytes = 0;
    }

    private void SendToAll(List<EventFrame> events)
    {
        var start = time.GetTimestamp();
        SendInParts(events);
        _lastFanoutEnd = time.GetTimestamp();
        var took = time.GetElapsedTime(start, _lastFanoutEnd);
        var left = gatheringWindow - took;
        _pause = PauseFactor * took < left ? PauseFactor * took : left;
    }

    private void SendInParts(List<EventFrame> events)
    {
        for (var first = 0; first < events.Count;)
        {
            var count = 0;
            for (var bytes = 0; first + count < events.Count && (count == 0 || bytes < MaxMessageBytes); count++)
                bytes += events[first + count].Frame.Payload.Length;
            Broadcast.Send(room.Live, (count == events.Count ? events : events.GetRange(first, count)).EncodeBatch());
            first += count;
        }
    }

    private void OnTimer()
    {
        _isDue = true;
        wake();
    }
}
