using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Hands what was stored to every live member; in a busy room not each event by itself. Nearly all of a delivery's cost is
/// the system call, whether it takes one message or three. So after each fan-out the room rests for a multiple of the time
/// that it took, and what is said meanwhile leaves together. From one fan-out's beginning to the next one's nothing is held for longer
/// than the bound. A small room's rest is too short to be kept, and who speaks after it is over, as a lone speaker does, is
/// never held. Touched by the room's loop alone.
/// </summary>
internal sealed class Fanout(Room room, TimeSpan mostHeld, TimeProvider time, Action wake)
{
    // A room that has always something to say spends a fifth of a processor on saying it. With 1,000 members a fan-out takes
    // some 5 ms, and so 100 messages a second leave by two and three.
    private const int RestsFor = 4;

    // Below what a timer can keep.
    private static readonly TimeSpan LeastRest = TimeSpan.FromMilliseconds(1);

    // A dozen packets: beyond it a send costs as much as its bytes do, and nothing more is saved by waiting.
    private const int MostBytes = 16 * 1024;

    private readonly List<EventFrame> _held = [];
    private ITimer? _timer;
    private TimeSpan _rest;
    private long _ended;
    private int _heldBytes;
    private volatile bool _isDue;

    /// <summary>Delivers events now, or soon.</summary>
    public void Deliver(List<EventFrame> events)
    {
        if (_held.Count == 0)
        {
            var left = _rest - (_rest > TimeSpan.Zero ? time.GetElapsedTime(_ended) : TimeSpan.Zero);
            if (left < LeastRest)
            {
                SendToAll(events);
                return;
            }

            _timer ??= time.CreateTimer(_ => Due(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(left, Timeout.InfiniteTimeSpan);
        }

        foreach (var next in events)
        {
            _held.Add(next);
            _heldBytes += next.Frame.Payload.Length;
        }

        if (_heldBytes >= MostBytes)
            DeliverHeld();
    }

    /// <summary>Delivers what is held, if its time has come. Called by the loop after each command.</summary>
    public void DeliverWhatIsDue()
    {
        if (!_isDue)
            return;
        _isDue = false;
        DeliverHeld();
    }

    /// <summary>Delivers what is held, whatever the time: before anybody comes, goes live, or goes.</summary>
    public void DeliverHeld()
    {
        if (_held.Count == 0)
            return;
        SendToAll(_held);
        _held.Clear();
        _heldBytes = 0;
    }

    private void SendToAll(List<EventFrame> events)
    {
        var began = time.GetTimestamp();
        Broadcast.Send(room.Live, events.Batch());
        _ended = time.GetTimestamp();
        var took = time.GetElapsedTime(began, _ended);
        var left = mostHeld - took;
        _rest = RestsFor * took < left ? RestsFor * took : left;
    }

    private void Due()
    {
        _isDue = true;
        wake();
    }
}
