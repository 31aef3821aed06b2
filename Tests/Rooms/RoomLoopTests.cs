using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;
using RawSocketChat.Server.Transports.RawTcp;

namespace RawSocketChat.Tests.Rooms;

/// <summary>What can be seen of a room at the very moment in which it answers.</summary>
public sealed class RoomLoopTests
{
    private static readonly ClientFrame Say = new() { Type = ClientFrameType.Say };

    [TestCase(0, TestName = "{m}(read from the log)")]
    [TestCase(1024 * 1024, TestName = "{m}(read from memory)")]
    public async Task Until_its_ack_is_sent_an_event_is_not_in_the_history(int tailBytes)
    {
        var room = await RoomAsync(tailBytes);
        var ann = Somebody();
        await room.EnterAsync(ann, new Person("u1", "ann"));
        var seen = new List<int>();

        // The log of this test completes at once.
        var onlooker = new Onlooker(() => seen.AddRange([
            room.History.AfterAsync(0, 10).AsTask().Result.Count,
            room.History.BeforeAsync(long.MaxValue, 10).AsTask().Result.Count]));
        for (var i = 1; i <= 3; i++)
        {
            await room.PostAsync(ann, onlooker, Say with { Id = FrameId.From(i) }, new NewEvent(RoomEventKind.Message, "u1", "ann", "hi"));
            await room.WhoAsync(1);
        }

        seen.Should().Equal([0, 0, 1, 1, 2, 2], "the own event is not among them yet");
        (await room.History.AfterAsync(0, 10)).Should().HaveCount(3);
        (await room.History.AfterAsync(long.MaxValue, 10)).Should().BeEmpty();
    }

    [Test]
    public async Task What_others_see_of_a_room_has_changed_when_the_change_is_answered()
    {
        var room = await RoomAsync();
        var ann = Somebody();
        await room.EnterAsync(ann, new Person("u1", "ann"));
        room.Summary.MemberCount.Should().Be(1);

        var topic = "";
        await room.PostAsync(ann, new Onlooker(() => topic = room.Summary.Topic), Say, new NewEvent(RoomEventKind.Topic, "u1", "ann", "be kind"));
        await room.LeaveAsync(ann);
        topic.Should().Be("be kind");
        room.Summary.MemberCount.Should().Be(0);
    }

    [TestCase(0, false)]
    [TestCase(1, true)]
    [TestCase(2, false)]
    public async Task A_reply_is_to_a_message_that_was_said(long reply, bool isTaken)
    {
        var room = await RoomAsync();
        var ann = Somebody();
        var answered = 0;
        await room.EnterAsync(ann, new Person("u1", "ann"));
        await room.PostAsync(ann, new Onlooker(() => answered++), Say, new NewEvent(RoomEventKind.Message, "u1", "ann", "hi"));
        await room.WhoAsync(1);
        await room.PostAsync(ann, new Onlooker(() => answered++), Say, new NewEvent(RoomEventKind.Message, "u1", "ann", "so do I", reply));
        await room.WhoAsync(1);

        answered.Should().Be(2);
        (await room.History.AfterAsync(0, 10)).Should().HaveCount(isTaken ? 2 : 1);
    }

    private static async Task<RoomLoop> RoomAsync(int tailBytes = 1024)
    {
        var log = new MemoryRoomLog(Options.Create(new DataOptions()), TimeProvider.System);
        var state = await log.OpenAsync("lobby", CancellationToken.None);
        var room = new RoomLoop(
            new Room("lobby", "", null, false), state, log, new HistoryCache(Options.Create(new RoomOptions())), new RoomOptions { TailBytes = tailBytes }, new FanoutOptions(), new Whereabouts(), TimeProvider.System, NullLogger<RoomLoop>.Instance);
        _ = room.RunAsync();
        return room;
    }

    private static Connection Somebody()
    {
        var outbox = new PipeOutbox(new Pipe().Writer, LineEncoding.Of(LineDelimiter.Newline, asText: false), 1024 * 1024, TimeProvider.System);
        return new Connection("tcp", "somewhere", new ConnectionRequest(), outbox, TimeProvider.System);
    }

    private sealed class Onlooker(Action look) : IFrameSink
    {
        public void Send(Outbound outbound) => look();
    }
}
