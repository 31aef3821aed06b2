using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Tells a room who comes and goes. A small room hears each name; a large one hears how many there are, at most once a
/// second, so that a storm of N joins costs N and not N².
/// </summary>
internal sealed class PresenceTeller(Room room, int namedMembers, TimeProvider time, Action wake)
{
    private static readonly TimeSpan BetweenCounts = TimeSpan.FromSeconds(1);

    private ITimer? _timer;
    private bool _isScheduled;
    private volatile bool _isDue;

    /// <summary>Whether the room is so small that it hears each name.</summary>
    public bool TellsNames => room.MemberCount <= namedMembers;

    public void Tell(PresenceFrame presence, Connection? except = null)
    {
        if (!TellsNames)
        {
            Schedule();
            return;
        }

        Send(presence, except);
    }

    /// <summary>In a large room nobody hears of it: a thousand who read a thousand messages would cost a million each.</summary>
    public void TellRead(Person person, long seq)
    {
        if (!TellsNames)
            return;
        var frame = new ReadFrame(room.Name, person.User, person.Name, seq).Outbound();
        foreach (var subscriber in room.Subscribers)
            subscriber.Connection.Send(frame);
    }

    /// <summary>Called by the loop after each command.</summary>
    public void TellWhatIsDue()
    {
        if (!_isDue)
            return;
        _isDue = false;
        _isScheduled = false;
        Send(new PresenceFrame(room.Name, null, null, "count", MemberCount: room.MemberCount), except: null);
    }

    private void Send(PresenceFrame presence, Connection? except)
    {
        var frame = (presence with { At = time.GetUtcNow() }).Outbound();
        foreach (var subscriber in room.Subscribers)
        {
            if (subscriber.Connection != except)
                subscriber.Connection.Send(frame);
        }
    }

    private void Schedule()
    {
        if (_isScheduled)
            return;
        _isScheduled = true;
        _timer ??= time.CreateTimer(_ => Due(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(BetweenCounts, Timeout.InfiniteTimeSpan);
    }

    private void Due()
    {
        _isDue = true;
        wake();
    }
}
