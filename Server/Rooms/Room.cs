using System.Runtime.InteropServices;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Rooms;

/// <summary>Somebody in a room, by one connection or several.</summary>
public sealed class Member(Person person, string role)
{
    public Person Person { get; set; } = person;

    public string Role { get; } = role;

    public int Connections { get; set; }
}

/// <summary>One connection's place in a room.</summary>
public sealed class Subscriber(Connection connection, Member member)
{
    public Connection Connection { get; } = connection;

    public Member Member { get; set; } = member;

    /// <summary>Its place among those who get events as they come; -1 while it catches up.</summary>
    public int LiveIndex { get; set; } = -1;
}

/// <summary>Who is in a room and what it is called: state alone, touched by the room's loop alone.</summary>
public sealed class Room(string name, string topic, string? owner, bool isPrivate)
{
    private readonly Dictionary<string, Member> _members = [];
    private readonly Dictionary<Connection, Subscriber> _subscribers = [];
    private readonly List<Connection> _live = [];

    public string Name { get; } = name;

    public string Topic { get; set; } = topic;

    public bool IsPrivate { get; } = isPrivate;

    public string? Owner { get; } = owner;

    public int MemberCount => _members.Count;

    public IEnumerable<Subscriber> Subscribers => _subscribers.Values;

    /// <summary>Those who get events as they come; the others still catch up. To be looked through before anybody comes or goes.</summary>
    public ReadOnlySpan<Connection> Live => CollectionsMarshal.AsSpan(_live);

    public List<Person> People(int most) => [.. _members.Values.Take(most).Select(member => member.Person)];

    public Member? MemberOf(string user) => _members.GetValueOrDefault(user);

    public Subscriber? Find(Connection connection) => _subscribers.GetValueOrDefault(connection);

    /// <summary>Takes a connection in, not yet live. A connection that is in already starts anew.</summary>
    /// <param name="isNew">Whether the user was not in the room by any connection.</param>
    public Subscriber Enter(Connection connection, Person person, out bool isNew)
    {
        isNew = false;
        if (_subscribers.TryGetValue(connection, out var subscriber))
        {
            Unlive(subscriber);
            return subscriber;
        }

        var member = AddConnection(person, out isNew);
        subscriber = new Subscriber(connection, member);
        _subscribers.Add(connection, subscriber);
        return subscriber;
    }

    /// <summary>Lets a connection go.</summary>
    /// <param name="isGone">Whether it was the user's last one here.</param>
    /// <returns>Whose it was; null where it was not in the room.</returns>
    public Person? Leave(Connection connection, out bool isGone)
    {
        isGone = false;
        if (!_subscribers.TryGetValue(connection, out var subscriber))
            return null;
        Unlive(subscriber);
        _subscribers.Remove(connection);
        isGone = RemoveConnection(subscriber.Member);
        return subscriber.Member.Person;
    }

    /// <summary>The connection now speaks for somebody else.</summary>
    public void Become(Subscriber subscriber, Person person, out Person? gone, out bool isNew)
    {
        var before = subscriber.Member;
        subscriber.Member = AddConnection(person, out isNew);
        gone = RemoveConnection(before) ? before.Person : null;
    }

    public void GoLive(Subscriber subscriber)
    {
        if (subscriber.LiveIndex >= 0)
            return;
        subscriber.LiveIndex = _live.Count;
        _live.Add(subscriber.Connection);
    }

    private void Unlive(Subscriber subscriber)
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
            member = new Member(person, person.User == Owner ? "owner" : "member");
            _members.Add(person.User, member);
        }

        member.Connections++;
        return member;
    }

    private bool RemoveConnection(Member member)
    {
        if (--member.Connections > 0)
            return false;
        _members.Remove(member.Person.User);
        return true;
    }
}
