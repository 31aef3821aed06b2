using System.IO.Pipelines;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Transports.WebSockets;

namespace RawSocketChat.Tests.Rooms;

public sealed class RoomTests
{
    [Test]
    public void Whoever_leaves_and_in_whichever_order_all_others_stay_live([Values(1, 7, 2015)] int seed)
    {
        var room = new Room("lobby", "", null, false);
        var here = Enumerable.Range(0, 40).Select(_ => Come()).ToList();
        var random = new Random(seed);

        while (here.Count > 0)
        {
            var leaver = here[random.Next(here.Count)];
            here.Remove(leaver);
            room.Leave(leaver, out _);

            room.Live.Length.Should().Be(here.Count);
            room.Live.ToArray().ToHashSet().SetEquals(here).Should().BeTrue();
        }

        Connection Come()
        {
            var outbox = new PipeOutbox(new Pipe().Writer, WebSocketEncoding.Json, 1000, TimeProvider.System);
            var connection = new Connection("test", "here", new ConnectionRequest(), outbox, TimeProvider.System);
            room.GoLive(room.Enter(connection, new Person("u", "ann"), out _));
            return connection;
        }
    }

    [Test]
    public void Who_comes_in_again_catches_up_again()
    {
        var room = new Room("lobby", "", null, false);
        var connection = new Connection("test", "here", new ConnectionRequest(), new PipeOutbox(new Pipe().Writer, WebSocketEncoding.Json, 1000, TimeProvider.System), TimeProvider.System);
        room.GoLive(room.Enter(connection, new Person("u", "ann"), out _));

        room.Enter(connection, new Person("u", "ann"), out var isNew);

        isNew.Should().BeFalse();
        room.Live.ToArray().Should().BeEmpty();
        room.MemberCount.Should().Be(1);
    }
}
