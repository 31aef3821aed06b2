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

/// <summary>The answers of a room to commands, and the state of the room that is visible when an answer is sent.</summary>
public sealed class RoomLoopTests
{
    private static readonly ClientFrame Say = new() { Type = ClientFrameType.Say };

    [TestCase(0, TestName = "{m}(read from the log)")]
    [TestCase(1024 * 1024, TestName = "{m}(read from memory)")]
    public async Task History_does_not_show_an_event_while_its_ack_is_being_sent(int tailBytes)
    {
        var room = await StartRoomAsync(tailBytes);
        var ann = CreateConnection();
        await room.JoinAsync(ann, new RoomVisitor(new Person("u1", "ann")));
        var seen = new List<int>();

        // The log of this test completes each call immediately, so Result does not block.
        var sink = new CallbackSink(() => seen.AddRange([
            room.History.ReadAfterAsync(0, 10).AsTask().Result.Count,
            room.History.ReadBeforeAsync(long.MaxValue, 10).AsTask().Result.Count]));
        for (var i = 1; i <= 3; i++)
        {
            await room.PostAsync(ann, sink, Say with { Id = FrameId.From(i) }, new NewEvent(RoomEventKind.Message, "u1", "ann", "hi"));
            await room.ListMembersAsync(1);
        }

        seen.Should().Equal([0, 0, 1, 1, 2, 2], "while an ack is being sent, the history does not contain the event of this ack");
        (await room.History.ReadAfterAsync(0, 10)).Should().HaveCount(3);
        (await room.History.ReadAfterAsync(long.MaxValue, 10)).Should().BeEmpty();
    }

    [Test]
    public async Task History_has_the_event_as_soon_as_its_sender_gets_the_ack()
    {
        var room = await StartRoomAsync();
        var ann = CreateConnection();
        await room.JoinAsync(ann, new RoomVisitor(new Person("u1", "ann")));
        await room.WaitForAcknowledgedAsync();

        var found = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        await room.PostAsync(ann, new CallbackSink(() => _ = FindNewestAsync()), Say, new NewEvent(RoomEventKind.Message, "u1", "ann", "hi"));
        (await found.Task.OrFail("the newest event")).Should().Be(1);

        async Task FindNewestAsync()
        {
            await room.WaitForAcknowledgedAsync();
            found.SetResult(room.History.LastSeq);
        }
    }

    [Test]
    public async Task Room_summary_changes_before_the_command_is_answered()
    {
        var room = await StartRoomAsync();
        var ann = CreateConnection();
        await room.JoinAsync(ann, new RoomVisitor(new Person("u1", "ann")));
        room.Summary.MemberCount.Should().Be(1);

        var topic = "";
        await room.PostAsync(ann, new CallbackSink(() => topic = room.Summary.Topic), Say, new NewEvent(RoomEventKind.Topic, "u1", "ann", "be kind"));
        await room.LeaveAsync(ann);
        topic.Should().Be("be kind");
        room.Summary.MemberCount.Should().Be(0);
    }

    [TestCase(0, false)]
    [TestCase(1, true)]
    [TestCase(2, false)]
    public async Task Reply_must_refer_to_an_existing_message(long reply, bool isAccepted)
    {
        var room = await StartRoomAsync();
        var ann = CreateConnection();
        var answered = 0;
        await room.JoinAsync(ann, new RoomVisitor(new Person("u1", "ann")));
        await room.PostAsync(ann, new CallbackSink(() => answered++), Say, new NewEvent(RoomEventKind.Message, "u1", "ann", "hi"));
        await room.ListMembersAsync(1);
        await room.PostAsync(ann, new CallbackSink(() => answered++), Say, new NewEvent(RoomEventKind.Message, "u1", "ann", "so do I", reply));
        await room.ListMembersAsync(1);

        answered.Should().Be(2);
        (await room.History.ReadAfterAsync(0, 10)).Should().HaveCount(isAccepted ? 2 : 1);
    }

    [Test]
    public async Task Sender_of_many_posts_receives_the_acks_in_order_in_one_write()
    {
        var stored = new TaskCompletionSource();
        var room = await StartRoomAsync(until: stored.Task);
        var (ann, bob) = (new AckSink(), new AckSink());
        var (annConnection, bobConnection) = (CreateConnection(), CreateConnection());
        await room.JoinAsync(annConnection, new RoomVisitor(new Person("u1", "ann")));
        await room.JoinAsync(bobConnection, new RoomVisitor(new Person("u2", "bob")));

        // While the log stores the first post, the other posts wait in the next batch.
        await PostAsync(annConnection, ann, 0);
        await room.ListMembersAsync(1);
        await PostAsync(annConnection, ann, 1);
        await PostAsync(bobConnection, bob, 2);
        await PostAsync(annConnection, ann, 3);
        await room.ListMembersAsync(1);
        stored.SetResult();
        await TestWait.UntilAsync(() => ann.Ids.Count == 3 && bob.Ids.Count == 1, "all acks");

        ann.Ids.Should().Equal(0, 1, 3);
        ann.Writes.Should().Be(2);
        bob.Ids.Should().Equal(2);

        async Task PostAsync(Connection connection, IFrameSink answers, int id) =>
            await room.PostAsync(connection, answers, Say with { Id = FrameId.From(id) }, new NewEvent(RoomEventKind.Message, "u1", "ann", "hi"));
    }

    [Test]
    public async Task Message_can_be_found_by_its_seq_while_its_ack_is_being_sent()
    {
        var room = await StartRoomAsync();
        var ann = CreateConnection();
        await room.JoinAsync(ann, new RoomVisitor(new Person("u1", "ann")));
        var found = new TaskCompletionSource<RoomEvent?>();
        var answers = new CallbackSink(() => found.SetResult(room.History.FindAsync(1).Preserve().GetAwaiter().GetResult()));
        await room.PostAsync(ann, answers, Say, new NewEvent(RoomEventKind.Message, "u1", "ann", "hi"));
        (await found.Task.OrFail("the ack"))!.Content.Text.Should().Be("hi");
        room.Stop();
    }

    [Test]
    public async Task History_does_not_contain_the_text_of_an_edit_if_the_same_batch_deletes_the_message()
    {
        var gate = new TaskCompletionSource();
        var room = await StartRoomAsync(tailBytes: 1024 * 1024, until: gate.Task, stored: "the message");
        var ann = CreateConnection();
        await room.JoinAsync(ann, new RoomVisitor(new Person("u1", "ann")));
        var answers = new CallbackSink(() => { });
        await room.PostAsync(ann, answers, Say, new NewEvent(RoomEventKind.Message, "u1", "ann", "fills the first batch"));
        await room.PostAsync(ann, answers, Say, new NewEvent(RoomEventKind.Edited, "u1", "ann", "a secret") { Of = 1 });
        await room.PostAsync(ann, answers, Say, new NewEvent(RoomEventKind.Deleted, "u1", "ann", "") { Of = 1 });
        gate.SetResult();
        await TestWait.UntilAsync(() => room.History.LastSeq == 4, "all events");

        var events = await room.History.ReadAfterAsync(2, 10);
        events.Select(found => found.Seq).Should().Equal(3, 4);
        events.Select(found => System.Text.Encoding.UTF8.GetString(found.Frame.Payload.Span)).Should().NotContain(json => json.Contains("a secret", StringComparison.Ordinal));
        room.Stop();
    }

    [Test]
    public async Task Action_of_a_moderator_keeps_its_position_between_messages()
    {
        var gate = new TaskCompletionSource();
        var room = await StartRoomAsync(until: gate.Task, moderation: RoomModeration.Empty.Apply(new ModerationDetails(ModerationAction.Role, "u1", Role: RoomRole.Owner), DateTimeOffset.UnixEpoch));
        var ann = CreateConnection();
        await room.JoinAsync(ann, new RoomVisitor(new Person("u1", "ann")));
        var answers = new CallbackSink(() => { });
        await room.PostAsync(ann, answers, Say, new NewEvent(RoomEventKind.Message, "u1", "ann", "is being stored"));
        await room.PostAsync(ann, answers, Say, new NewEvent(RoomEventKind.Moderated, "u1", "ann", "") { Moderation = new ModerationDetails(ModerationAction.Mute, "u2", "bob") });
        await room.PostAsync(ann, answers, Say, new NewEvent(RoomEventKind.Message, "u1", "ann", "comes later"));
        gate.SetResult();
        await TestWait.UntilAsync(() => room.History.LastSeq == 3, "all events");

        var kinds = (await room.History.ReadAfterAsync(0, 10)).Select(found => ChatCodec.TryReadServer(found.Frame.Payload.Span, out var frame) ? frame.GetType() : null);
        kinds.Should().Equal(typeof(MessageFrame), typeof(ModeratedFrame), typeof(MessageFrame));
        room.Stop();
    }

    [Test]
    public async Task Away_list_has_owners_before_moderators_and_at_most_20_users()
    {
        var moderation = Enumerable.Range(10, 30).Aggregate(RoomModeration.Empty, (roles, user) =>
            roles.Apply(new ModerationDetails(ModerationAction.Role, $"u{user}", Role: user % 10 == 5 ? RoomRole.Owner : user % 10 == 6 ? RoomRole.Member : RoomRole.Moderator), DateTimeOffset.UnixEpoch));
        var room = await StartRoomAsync(moderation: moderation.Apply(new ModerationDetails(ModerationAction.Ban, "u11", "eve"), DateTimeOffset.UnixEpoch));
        await room.JoinAsync(CreateConnection(), new RoomVisitor(new Person("u10", "ann")));

        var list = await room.ListMembersAsync(10, withAway: true);

        list.People.Select(person => person.User).Should().Equal("u10");
        list.Away.Select(user => user.Key).Should().HaveCount(20).And.StartWith(["u15", "u25", "u35", "u12", "u13", "u14", "u17"]).And.NotContain(["u10", "u11", "u16"]);
        (await room.ListMembersAsync(10)).Away.Should().BeEmpty();
        room.Stop();
    }

    [Test]
    public async Task Message_that_could_not_be_stored_does_not_start_the_waiting_time_of_the_slow_mode()
    {
        var failure = Task.FromException(new StorageException("the disk is full"));
        var room = await StartRoomAsync(until: failure, moderation: RoomModeration.Empty with { SlowSeconds = 600 });
        var ann = CreateConnection();
        await room.JoinAsync(ann, new RoomVisitor(new Person("u1", "ann")));
        var answers = new FrameSink();
        for (var i = 1; i <= 2; i++)
        {
            await room.PostAsync(ann, answers, Say, new NewEvent(RoomEventKind.Message, "u1", "ann", "hi", ClientId: "1"));
            await TestWait.UntilAsync(() => answers.Frames.Count == i, "the answer");
        }

        answers.Frames.OfType<ErrorFrame>().Select(error => error.Error.Code).Should().Equal(ErrorCode.Unavailable, ErrorCode.Unavailable);
        room.Stop();
    }

    [Test]
    public async Task Duplicate_does_not_start_the_waiting_time_of_the_slow_mode()
    {
        var gate = new TaskCompletionSource();
        gate.SetResult();
        var room = await StartRoomAsync(until: gate.Task, moderation: RoomModeration.Empty.Apply(new ModerationDetails(ModerationAction.Role, "u1", Role: RoomRole.Moderator), DateTimeOffset.UnixEpoch));
        var (ann, bob) = (CreateConnection(), CreateConnection());
        await room.JoinAsync(ann, new RoomVisitor(new Person("u1", "ann")));
        await room.JoinAsync(bob, new RoomVisitor(new Person("u2", "bob")));
        var answers = new FrameSink();
        await PostAsync(bob, new NewEvent(RoomEventKind.Message, "u2", "bob", "hi", ClientId: "1"));
        await PostAsync(ann, new NewEvent(RoomEventKind.Moderated, "u1", "ann", "") { Moderation = new ModerationDetails(ModerationAction.Slow, Seconds: 600) });
        await PostAsync(bob, new NewEvent(RoomEventKind.Message, "u2", "bob", "hi", ClientId: "1"));
        await PostAsync(bob, new NewEvent(RoomEventKind.Message, "u2", "bob", "new", ClientId: "2"));
        await PostAsync(bob, new NewEvent(RoomEventKind.Message, "u2", "bob", "newer", ClientId: "3"));
        await PostAsync(bob, new NewEvent(RoomEventKind.Message, "u2", "bob", "new", ClientId: "2"));

        answers.Frames.Select(frame => frame is AckFrame ack ? $"{ack.Seq} {ack.Duplicate}" : ((ErrorFrame)frame).Error.Code)
            .Should().Equal("1 False", "2 False", "1 True", "3 False", ErrorCode.SlowMode, "3 True");
        room.Stop();

        async Task PostAsync(Connection connection, NewEvent posted)
        {
            var count = answers.Frames.Count;
            await room.PostAsync(connection, answers, Say, posted);
            await TestWait.UntilAsync(() => answers.Frames.Count > count, "the answer");
        }
    }

    [Test]
    public async Task Room_that_is_being_removed_answers_each_post()
    {
        var gate = new TaskCompletionSource();
        var room = await StartRoomAsync(until: gate.Task);
        var ann = CreateConnection();
        await room.JoinAsync(ann, new RoomVisitor(new Person("u1", "ann")));
        var (answers, isEnding) = (new FrameSink(), new TaskCompletionSource());
        await PostAsync("before");
        var ended = room.RemoveAsync(_ => isEnding.SetResult());
        await isEnding.Task.OrFail("the room to end while the log stores a post");
        ended.IsCompleted.Should().BeFalse("the post before the end is not stored yet");
        for (var i = 0; i < 10; i++)
            await PostAsync("after");
        gate.SetResult();
        (await ended.OrFail("the end")).Should().BeTrue();
        (await room.RemoveAsync(_ => { })).Should().BeFalse("the room has ended");

        await TestWait.UntilAsync(() => answers.Frames.Count == 11, "an answer to each post");
        answers.Frames.OfType<AckFrame>().Select(ack => ack.Seq).Should().Equal(1);
        answers.Frames.OfType<ErrorFrame>().Select(error => error.Error.Code).Should().OnlyContain(code => code == ErrorCode.Unavailable);

        async Task PostAsync(string text) => await room.PostAsync(ann, answers, Say, new NewEvent(RoomEventKind.Message, "u1", "ann", text));
    }

    private static async Task<RoomLoop> StartRoomAsync(int tailBytes = 1024, Task? until = null, string? stored = null, RoomModeration? moderation = null)
    {
        var memory = new MemoryRoomLog(Options.Create(new DataOptions()), TimeProvider.System);
        await memory.OpenAsync("lobby", CancellationToken.None);
        if (stored is not null)
            await memory.AppendAsync("lobby", [new NewEvent(RoomEventKind.Message, "u1", "ann", stored)], CancellationToken.None);
        IRoomLog log = until is null ? memory : new SlowLog(memory, until);
        var state = await log.OpenAsync("lobby", CancellationToken.None);
        var room = new RoomLoop(
            new Room("lobby", "", isPrivate: false), moderation ?? RoomModeration.Empty, state, log, new HistoryCache(Options.Create(new RoomOptions())), new TailBudget(Options.Create(new RoomOptions())), new RoomOptions { TailBytes = tailBytes }, new FanoutOptions(), new UserRoomIndex(), TimeProvider.System, NullLogger<RoomLoop>.Instance);
        _ = room.RunAsync();
        return room;
    }

    private static Connection CreateConnection()
    {
        var outbox = new PipeOutbox(new Pipe().Writer, LineEncoding.Get(LineDelimiter.Newline, asText: false), 1024 * 1024, TimeProvider.System);
        return new Connection("tcp", "somewhere", new ConnectionRequest(), outbox, TimeProvider.System);
    }

    private sealed class AckSink : IFrameSink
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

        public void Send(EncodedMessage outbound)
        {
            lock (_ids)
            {
                Writes++;
                foreach (var frame in outbound is EncodedBatch batch ? batch.Frames : [(EncodedFrame)outbound])
                {
                    ChatCodec.TryReadServer(frame.Payload.Span, out var ack).Should().BeTrue();
                    _ids.Add(int.Parse(((AckFrame)ack).Id.ToString(), System.Globalization.CultureInfo.InvariantCulture));
                }
            }
        }
    }

    private sealed class FrameSink : IFrameSink
    {
        private readonly List<ServerFrame> _frames = [];

        public IReadOnlyList<ServerFrame> Frames
        {
            get
            {
                lock (_frames)
                    return [.. _frames];
            }
        }

        public void Send(EncodedMessage outbound)
        {
            lock (_frames)
            {
                foreach (var frame in outbound is EncodedBatch batch ? batch.Frames : [(EncodedFrame)outbound])
                {
                    ChatCodec.TryReadServer(frame.Payload.Span, out var read).Should().BeTrue();
                    _frames.Add(read);
                }
            }
        }
    }

    /// <summary>A log that stores nothing before the given task completes.</summary>
    private sealed class SlowLog(IRoomLog inner, Task until) : IRoomLog
    {
        public ValueTask<RoomLogState> OpenAsync(string room, CancellationToken cancellationToken) => inner.OpenAsync(room, cancellationToken);

        public async ValueTask<IReadOnlyList<AppendResult>> AppendAsync(string room, IReadOnlyList<NewEvent> batch, CancellationToken cancellationToken)
        {
            await until;
            return await inner.AppendAsync(room, batch, cancellationToken);
        }

        public ValueTask<IReadOnlyList<RoomEvent>> ReadAfterAsync(string room, long after, int max, int maxBytes, CancellationToken cancellationToken) =>
            inner.ReadAfterAsync(room, after, max, maxBytes, cancellationToken);

        public ValueTask<IReadOnlyList<RoomEvent>> ReadBeforeAsync(string room, long before, int max, int maxBytes, CancellationToken cancellationToken) =>
            inner.ReadBeforeAsync(room, before, max, maxBytes, cancellationToken);
    }

    private sealed class CallbackSink(Action onSend) : IFrameSink
    {
        public void Send(EncodedMessage outbound) => onSend();
    }
}
