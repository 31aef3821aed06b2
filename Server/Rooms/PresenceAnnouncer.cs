using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Announces to the members of a room which users join and leave. In a small room, the members get the name of each user who joins or leaves.
/// In a large room, they get only the number of members, at most once a second. Otherwise N users who join a room in one second would cost
/// about N² frames, because each join would be sent to all members. Used by the room's loop only.
/// </summary>
/// <param name="namedMembers">The maximum number of members of a small room.</param>
/// <param name="perSecond">
/// The names that a small room announces per second, after <paramref name="namedMembers"/> names in one burst. If users join and leave more often,
/// the members get only the number of members.
/// </param>
/// <param name="wake">
/// Called on any thread when the number of members must be sent. The loop must then call <see cref="AnnounceCountIfDue"/>.
/// </param>
internal sealed class PresenceAnnouncer(Room room, int namedMembers, int perSecond, TimeProvider time, Action wake)
{
    private static readonly TimeSpan CountInterval = TimeSpan.FromSeconds(1);

    // The minimum time between two announcements that the same member is writing. A client shows for six seconds that a member is writing.
    // So a member who continues to write is never shown as idle.
    private static readonly TimeSpan TypingInterval = TimeSpan.FromSeconds(3);

    private readonly RateLimit _names = new(new Rate(perSecond, Math.Max(1, namedMembers), time));
    private ITimer? _timer;
    private bool _isScheduled;
    private volatile bool _isDue;

    /// <summary>Whether the room is small enough that its members get each name.</summary>
    public bool AnnouncesNames => room.MemberCount <= namedMembers;

    /// <param name="except">A connection that does not get the frame.</param>
    public void Announce(PresenceFrame presence, Connection? except = null)
    {
        if (!AnnouncesNames || !_names.TryTake(out _))
        {
            ScheduleCount();
            return;
        }

        Send(presence, except);
    }

    /// <summary>
    /// Announces to the other members that a member is writing, or has stopped. The rate of these frames is limited for each member. A large room
    /// announces nothing, because 1,000 members who write would cause a million frames every three seconds.
    /// </summary>
    /// <returns>True if the announcement was sent; false if the room is too large, or if it is too early for the next one.</returns>
    public bool AnnounceTyping(Subscriber writer, bool off)
    {
        var member = writer.Member;
        if (!AnnouncesNames || (off ? member.TypedAt is null : member.TypedAt is { } last && time.GetElapsedTime(last) < TypingInterval))
            return false;
        member.TypedAt = off ? null : time.GetTimestamp();
        AnnounceTyping(member.Person, off);
        return true;
    }

    /// <summary>Announces to the other members that a user is writing, or has stopped. The caller checks the rate.</summary>
    public void AnnounceTyping(Person person, bool off)
    {
        if (!AnnouncesNames)
            return;
        var frame = new TypingFrame(room.Name, person.User, person.Name, off).Encode();
        foreach (var subscriber in room.Subscribers)
        {
            if (subscriber.Member.Person.User != person.User)
                subscriber.Connection.Send(frame);
        }
    }

    /// <summary>Sends the number of members within a second, if the room is too large to announce names.</summary>
    public void ScheduleCountIfLarge()
    {
        if (!AnnouncesNames)
            ScheduleCount();
    }

    /// <summary>Sends the number of members if the timer has ended. The loop calls this method after each command.</summary>
    public void AnnounceCountIfDue()
    {
        if (!_isDue)
            return;
        _isDue = false;
        _isScheduled = false;
        Send(new PresenceFrame(room.Name, null, null, "count", MemberCount: room.MemberCount), except: null);
    }

    private void Send(PresenceFrame presence, Connection? except)
    {
        var frame = (presence with { At = time.GetUtcNow() }).Encode();
        foreach (var subscriber in room.Subscribers)
        {
            if (subscriber.Connection != except)
                subscriber.Connection.Send(frame);
        }
    }

    private void ScheduleCount()
    {
        if (_isScheduled)
            return;
        _isScheduled = true;
        _timer ??= time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(CountInterval, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        _isDue = true;
        wake();
    }
}
