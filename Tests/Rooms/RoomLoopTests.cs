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
using RawSocketChat.Tests.Support;

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

    [Test]
    public async Task Who_posts_many_at_once_gets_the_acks_in_one_write_in_order()
    {
        var stored = new TaskCompletionSource();
        var room = await RoomAsync(until: stored.Task);
        var (ann, bob) = (new Answers(), new Answers());
        var (annHere, bobHere) = (Somebody(), Somebody());
        await room.EnterAsync(annHere, new Person("u1", "ann"));
        await room.EnterAsync(bobHere, new Person("u2", "bob"));

        // The first one is being stored; the others wait for it together.
        await PostAsync(annHere, ann, 0);
        await room.WhoAsync(1);
        await PostAsync(annHere, ann, 1);
        await PostAsync(bobHere, bob, 2);
        await PostAsync(annHere, ann, 3);
        await room.WhoAsync(1);
        stored.SetResult();
        await Patience.UntilAsync(() => ann.Ids.Count == 3 && bob.Ids.Count == 1, "all acks");

        ann.Ids.Should().Equal(0, 1, 3);
        ann.Writes.Should().Be(2);
        bob.Ids.Should().Equal(2);

        async Task PostAsync(Connection connection, IFrameSink answers, int id) =>
            await room.PostAsync(connection, answers, Say with { Id = FrameId.From(id) }, new NewEvent(RoomEventKind.Message, "u1", "ann", "hi"));
    }

    private static async Task<RoomLoop> RoomAsync(int tailBytes = 1024, Task? until = null)
    {
        var memory = new MemoryRoomLog(Options.Create(new DataOptions()), TimeProvider.System);
        IRoomLog log = until is null ? memory : new SlowLog(memory, until);
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

    private sealed class Answers : IFrameSink
    {
        private readonly List<int> _ids = [];

        public int Writes { get; private set; }

        public List<int> Ids
        {
            get
            {
                lock (_ids)
                    return [.. _ids];
            }
        }

        public void Send(Outbound outbound)
        {
            lock (_ids)
            {
                Writes++;
                foreach (var frame in outbound is OutboundBatch batch ? batch.Frames : [(OutboundFrame)outbound])
                {
                    ChatCodec.TryReadServer(frame.Payload.Span, out var ack).Should().BeTrue();
                    _ids.Add(int.Parse(((AckFrame)ack).Id.ToString(), System.Globalization.CultureInfo.InvariantCulture));
                }
            }
        }
    }

    /// <summary>Stores nothing until it may.</summary>
    private sealed class SlowLog(IRoomLog inner, Task until) : IRoomLog
    {
        public ValueTask<RoomLogState> OpenAsync(string room, CancellationToken cancellationToken) => inner.OpenAsync(room, cancellationToken);

        public async ValueTask<IReadOnlyList<Appended>> AppendAsync(string room, IReadOnlyList<NewEvent> batch, CancellationToken cancellationToken)
        {
            await until;
            return await inner.AppendAsync(room, batch, cancellationToken);
        }

        public ValueTask<IReadOnlyList<RoomEvent>> ReadAfterAsync(string room, long after, int most, int mostBytes, CancellationToken cancellationToken) =>
            inner.ReadAfterAsync(room, after, most, mostBytes, cancellationToken);

        public ValueTask<IReadOnlyList<RoomEvent>> ReadBeforeAsync(string room, long before, int most, int mostBytes, CancellationToken cancellationToken) =>
            inner.ReadBeforeAsync(room, before, most, mostBytes, cancellationToken);
    }

    private sealed class Onlooker(Action look) : IFrameSink
    {
        public void Send(Outbound outbound) => look();
    }
}
