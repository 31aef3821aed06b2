using System.IO.Pipelines;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Transports.WebSockets;

namespace RawSocketChat.Tests.Rooms;

/// <summary>The live connections of a room. A live connection has caught up and receives each new event immediately.</summary>
public sealed class RoomTests
{
    [Test]
    public void Remaining_connections_stay_live_when_others_leave_in_any_order([Values(1, 7, 2015)] int seed)
    {
        var room = new Room("lobby", "", isPrivate: false);
        var live = Enumerable.Range(0, 40).Select(_ => JoinLive()).ToList();
        var random = new Random(seed);

        while (live.Count > 0)
        {
            var leaver = live[random.Next(live.Count)];
            live.Remove(leaver);
            room.Leave(leaver, out _);

            room.Live.Length.Should().Be(live.Count);
            room.Live.ToArray().ToHashSet().SetEquals(live).Should().BeTrue();
        }

        Connection JoinLive()
        {
            var outbox = new PipeOutbox(new Pipe().Writer, WebSocketEncoding.Json, 1000, TimeProvider.System);
            var connection = new Connection("test", "here", new ConnectionRequest(), outbox, TimeProvider.System);
            room.GoLive(room.Join(connection, new Person("u", "ann"), listener: null, out _));
            return connection;
        }
    }

    [Test]
    public void Connection_that_joins_again_is_not_live()
    {
        var room = new Room("lobby", "", isPrivate: false);
        var connection = new Connection("test", "here", new ConnectionRequest(), new PipeOutbox(new Pipe().Writer, WebSocketEncoding.Json, 1000, TimeProvider.System), TimeProvider.System);
        room.GoLive(room.Join(connection, new Person("u", "ann"), listener: null, out _));

        room.Join(connection, new Person("u", "ann"), listener: null, out var isNew);

        isNew.Should().BeFalse();
        room.Live.ToArray().Should().BeEmpty();
        room.MemberCount.Should().Be(1);
    }
}
