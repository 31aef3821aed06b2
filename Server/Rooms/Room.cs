using System.Runtime.InteropServices;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>A user in a room, with one or more connections.</summary>
public sealed class Member(Person person)
{
    public Person Person { get; set; } = person;

    public int ConnectionCount { get; set; }

    /// <summary>
    /// The time of the last announcement that this member is writing, as a timestamp; null if there was none, or if the member has stopped.
    /// </summary>
    public long? TypedAt { get; set; }
}

/// <summary>Notified when a room removes a connection.</summary>
public interface IRoomListener
{
    /// <summary>Called on any thread after the connection was removed from the room.</summary>
    /// <param name="isKicked">True if a moderator has removed the user; false if the room was removed.</param>
    void OnRemoved(RoomLoop room, bool isKicked);
}

/// <summary>A connection in a room.</summary>
/// <param name="connection">The connection.</param>
/// <param name="member">The connection's user.</param>
/// <param name="listener">Notified when the room removes the connection; null for none.</param>
public sealed class Subscriber(Connection connection, Member member, IRoomListener? listener)
{
    public Connection Connection { get; } = connection;

    public IRoomListener? Listener { get; } = listener;

    public Member Member { get; set; } = member;

    /// <summary>The index among the live subscribers; -1 while the subscriber catches up.</summary>
    public int LiveIndex { get; set; } = -1;
}

/// <summary>The state of a room: its topic, its members and their connections. Used by the room's loop only.</summary>
public sealed class Room(string name, string topic, bool isPrivate, IReadOnlyList<string>? directUsers = null)
{
    private readonly Dictionary<string, Member> _members = [];
    private readonly Dictionary<Connection, Subscriber> _subscribers = [];
    private readonly List<Connection> _live = [];

    // The names of the users who are in the room at other servers, by user id. Such a user may be in the room at this server too.
    private IReadOnlyDictionary<string, string> _remote = new Dictionary<string, string>();
    private int _unlisted;

    // The number of users in _remote who are not in the room at this server.
    private int _remoteOnly;

    public string Name { get; } = name;

    public string Topic { get; set; } = topic;

    public bool IsPrivate { get; } = isPrivate;

    /// <summary>The ids of the two users of a direct room; null for other rooms.</summary>
    public IReadOnlyList<string>? DirectUsers { get; } = directUsers;

    /// <summary>The number of members at all servers.</summary>
    public int MemberCount => _members.Count + _remoteOnly + _unlisted;

    /// <summary>The number of members who have a connection to this server.</summary>
    public int LocalCount => _members.Count;

    /// <summary>Whether another server has sent only the number of its users in the room, without their names.</summary>
    public bool HasUnlisted => _unlisted > 0;

    public IEnumerable<Subscriber> Subscribers => _subscribers.Values;

    /// <summary>
    /// The connections that get each new event immediately. The other connections still catch up. The span is valid until the room changes.
    /// </summary>
    public ReadOnlySpan<Connection> Live => CollectionsMarshal.AsSpan(_live);

    /// <summary>At most <paramref name="max"/> members, in no particular order.</summary>
    public List<Person> ListPeople(int max) =>
        [.. ListLocal().Concat(_remote.Where(user => !_members.ContainsKey(user.Key)).Select(user => new Person(user.Key, user.Value))).Take(max)];

    /// <summary>The members who have a connection to this server.</summary>
    public IEnumerable<Person> ListLocal() => _members.Values.Select(member => member.Person);

    /// <summary>Whether a user is in the room at another server.</summary>
    public bool IsRemote(string user) => _remote.ContainsKey(user);

    /// <summary>Sets who is in the room at the other servers.</summary>
    /// <returns>
    /// The users who have left, the users who have come, and the renamed users with their earlier names. The lists leave out users who are in the
    /// room at this server.
    /// </returns>
    public (IReadOnlyList<Person> Gone, IReadOnlyList<Person> Came, IReadOnlyList<(Person Person, string Was)> Renamed) SetRemote(RemotePresence presence)
    {
        var before = _remote;
        (_remote, _unlisted) = (presence.People, presence.Unlisted);
        _remoteOnly = _remote.Keys.Count(user => !_members.ContainsKey(user));
        return (ListMissing(before, _remote), ListMissing(_remote, before), [.. ListRenamed()]);

        IEnumerable<(Person, string)> ListRenamed()
        {
            foreach (var (user, name) in _remote)
            {
                if (!_members.ContainsKey(user) && before.TryGetValue(user, out var was) && was != name)
                    yield return (new Person(user, name), was);
            }
        }

        List<Person> ListMissing(IReadOnlyDictionary<string, string> users, IReadOnlyDictionary<string, string> others) =>
            [.. users.Where(user => !others.ContainsKey(user.Key) && !_members.ContainsKey(user.Key)).Select(user => new Person(user.Key, user.Value))];
    }

    /// <summary>The member with a user id; null if the user has no connection in the room.</summary>
    public Member? FindMember(string user) => _members.GetValueOrDefault(user);

    /// <summary>The subscriber of a connection; null if the connection is not in the room.</summary>
    public Subscriber? Find(Connection connection) => _subscribers.GetValueOrDefault(connection);

    /// <summary>Adds a connection, which is not live yet. A connection that was already in the room is not live after this call either.</summary>
    /// <param name="isNew">Whether the user had no connection in the room before.</param>
    public Subscriber Join(Connection connection, Person person, IRoomListener? listener, out bool isNew)
    {
        isNew = false;
        if (_subscribers.TryGetValue(connection, out var subscriber))
        {
            EndLive(subscriber);
            return subscriber;
        }

        var member = AddConnection(person, out isNew);
        subscriber = new Subscriber(connection, member, listener);
        _subscribers.Add(connection, subscriber);
        return subscriber;
    }

    /// <summary>Removes a connection.</summary>
    /// <param name="isLast">Whether this was the user's last connection in the room.</param>
    /// <returns>The connection's user; null if the connection was not in the room.</returns>
    public Person? Leave(Connection connection, out bool isLast)
    {
        isLast = false;
        if (!_subscribers.TryGetValue(connection, out var subscriber))
            return null;
        EndLive(subscriber);
        _subscribers.Remove(connection);
        isLast = RemoveConnection(subscriber.Member);
        return subscriber.Member.Person;
    }

    /// <summary>Changes the user of a connection.</summary>
    /// <param name="gone">The previous user, if this was the last connection of that user in the room; otherwise null.</param>
    /// <param name="isNew">Whether the new user had no connection in the room before.</param>
    public void ChangeUser(Subscriber subscriber, Person person, out Person? gone, out bool isNew)
    {
        var before = subscriber.Member;
        subscriber.Member = AddConnection(person, out isNew);
        gone = RemoveConnection(before) ? before.Person : null;
    }

    /// <summary>Makes a subscriber live: it then gets each new event immediately.</summary>
    public void GoLive(Subscriber subscriber)
    {
        if (subscriber.LiveIndex >= 0)
            return;
        subscriber.LiveIndex = _live.Count;
        _live.Add(subscriber.Connection);
    }

    // Moves the last live connection to the index of the removed connection.
    private void EndLive(Subscriber subscriber)
    {
        if (subscriber.LiveIndex < 0)
            return;
        var last = _live[^1];
        _live[subscriber.LiveIndex] = last;
        _subscribers[last].LiveIndex = subscriber.LiveIndex;
        _live.RemoveAt(_live.Count - 1);
        subscriber.LiveIndex = -1;
    }

    private Member AddConnection(Person person, out bool isNew)
    {
        isNew = !_members.TryGetValue(person.User, out var member);
        if (member is null)
        {
            member = new Member(person);
            _members.Add(person.User, member);
            if (_remote.ContainsKey(person.User))
                _remoteOnly--;
        }

        member.ConnectionCount++;
        return member;
    }

    private bool RemoveConnection(Member member)
    {
        if (--member.ConnectionCount > 0)
            return false;
        _members.Remove(member.Person.User);
        if (_remote.ContainsKey(member.Person.User))
            _remoteOnly++;
        return true;
    }
}
