using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Nodes;

/// <summary>The order in which a room's loop delivers the events of this server and of another server.</summary>
public sealed class RoomFollowerTests
{
    private SharedLog _log = null!;
    private RoomLoop _room = null!;
    private FrameList _frames = null!;
    private Connection _ann = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _log = new SharedLog();
        var state = await _log.OpenAsync("lobby", default);
        var options = new RoomOptions();
        _room = new RoomLoop(
            new Room("lobby", "", isPrivate: false), RoomModeration.Empty, state, _log, new HistoryCache(Options.Create(options)), new TailBudget(Options.Create(options)), options, new FanoutOptions { GatherMilliseconds = 0 }, new UserRoomIndex(), TimeProvider.System, NullLogger<RoomLoop>.Instance, nodes: _log);
        _ = _room.RunAsync();
        _frames = new FrameList();
        _ann = new Connection("test", "somewhere", new ConnectionRequest(), _frames, TimeProvider.System);
        await _room.JoinAsync(_ann, new RoomVisitor(new Person("u1", "ann")));
        (await _room.GoLiveAsync(_ann, 0)).Should().BeTrue();
    }

    [TearDown]
    public void Stop() => _room.Stop();

    [Test]
    public async Task Own_event_waits_for_an_earlier_event_of_another_server()
    {
        await _log.StoreElsewhereAsync("theirs");
        await PostAsync("mine");
        await ExpectAsync("message 1 theirs", "ack 2", "message 2 mine");
    }

    [Test]
    public async Task Event_of_another_server_is_delivered_after_its_announcement()
    {
        await _log.StoreElsewhereAsync("one", "two");
        _room.MarkAvailable(2);
        await ExpectAsync("message 1 one", "message 2 two");
        // A repeated announcement has no effect. An announcement of an event that does not exist has no effect either.
        _room.MarkAvailable(2);
        _room.MarkAvailable(9);
        await _room.RefreshAsync();
        await PostAsync("three");
        await ExpectAsync("message 1 one", "message 2 two", "ack 3", "message 3 three");
        _log.Reads.Should().BeLessThan(10, "the room does not read again and again");
    }

    [Test]
    public async Task Own_event_that_is_read_before_its_append_returns_is_delivered_once_and_after_its_ack()
    {
        _log.Hold = new TaskCompletionSource();
        await PostAsync("mine");
        await _log.Stored.Task.OrFail("the event to be stored");
        await _log.StoreElsewhereAsync("theirs");
        _room.MarkAvailable(2);
        await TestWait.UntilAsync(() => _log.Reads > 0, "the read");
        await _room.ListMembersAsync(1);
        _frames.Texts.Should().BeEmpty("the room does not know yet which of the events is its own");
        _log.Hold.SetResult();
        await ExpectAsync("ack 1", "message 1 mine", "message 2 theirs");
    }

    [Test]
    public async Task Failed_read_is_repeated()
    {
        _log.FailingReads = 2;
        await _log.StoreElsewhereAsync("theirs");
        await PostAsync("mine");
        await ExpectAsync("message 1 theirs", "ack 2", "message 2 mine");
        _log.FailingReads.Should().Be(0);
    }

    [Test]
    public async Task Refresh_waits_for_the_events_of_another_server_and_reports_a_failure()
    {
        await _log.StoreElsewhereAsync("theirs");
        _log.FailingReads = 1;
        var refresh = async () => await _room.RefreshAsync();
        await refresh.Should().ThrowAsync<StorageException>();
        await _room.RefreshAsync();
        _room.History.LastSeq.Should().Be(1);
        (await _room.History.ReadAfterAsync(0, 10)).Should().ContainSingle();
    }

    [Test]
    public async Task Many_events_of_another_server_are_read_in_pages()
    {
        await _log.StoreElsewhereAsync([.. Enumerable.Range(1, 4_500).Select(i => $"{i}")]);
        await PostAsync("mine");
        await ExpectAsync([.. Enumerable.Range(1, 4_500).Select(i => $"message {i} {i}"), "ack 4501", "message 4501 mine"]);
    }

    [Test]
    public async Task Trimmed_events_of_another_server_are_reported_as_a_gap()
    {
        _log.FirstSeq = 3;
        await _log.StoreElsewhereAsync("one", "two", "three");
        _room.MarkAvailable(3);
        await ExpectAsync("gap 1 2", "message 3 three");
        (await _room.History.ReadAfterAsync(2, 10)).Select(found => found.Seq).Should().Equal(3);
    }

    [Test]
    public async Task Batch_does_not_wait_for_events_that_are_trimmed()
    {
        _log.FirstSeq = 3;
        await _log.StoreElsewhereAsync("one", "two");
        await PostAsync("three");
        await ExpectAsync("gap 1 2", "ack 3", "message 3 three");
    }

    [Test]
    public async Task Kick_by_another_server_removes_the_connection()
    {
        await _log.StoreElsewhereAsync(new NewEvent(RoomEventKind.Moderated, "u2", "bob", "") { Moderation = new ModerationDetails("kick", "u1", "ann") });
        _room.MarkAvailable(1);
        await TestWait.UntilAsync(async () => !await _room.ContainsAsync(_ann), "the removal");
    }

    [Test]
    public async Task Refresh_ends_although_another_server_stores_more_events_during_each_read_than_a_page_has()
    {
        (_log.MaxPage, _log.StoredDuringRead) = (2, 5);
        await _log.StoreElsewhereAsync([.. Enumerable.Range(1, 7).Select(i => $"{i}")]);
        await _room.RefreshAsync().AsTask().OrFail("the refresh");
        _log.StoredDuringRead = 0;
        _frames.Texts.Should().HaveCountGreaterThanOrEqualTo(7);
    }

    [Test]
    public async Task Leaving_connection_gets_the_answers_to_its_posts_first()
    {
        _log.FailingReads = 1;
        await _log.StoreElsewhereAsync("theirs");
        await PostAsync("mine");
        (await _room.LeaveAsync(_ann).OrFail("the leave")).Should().BeTrue();
        _frames.Texts.Should().Equal("message 1 theirs", "ack 2", "message 2 mine");
    }

    private async Task PostAsync(string text) =>
        await _room.PostAsync(_ann, _frames, new ClientFrame { Type = ClientFrameType.Say, Text = text }, new NewEvent(RoomEventKind.Message, "u1", "ann", text));

    private Task ExpectAsync(params string[] expected) =>
        TestWait.UntilAsync(() => _frames.Texts.SequenceEqual(expected), () => $"{string.Join(", ", expected)}; received: {string.Join(", ", _frames.Texts)}");

    /// <summary>Receives acks and events, in order.</summary>
    private sealed class FrameList : Outbox, IFrameSink
    {
        private readonly List<string> _texts = [];

        public IReadOnlyList<string> Texts
        {
            get
            {
                lock (_texts)
                    return [.. _texts];
            }
        }

        public override long QueuedBytes => 0;

        public override long LimitBytes => long.MaxValue;

        public override TimeSpan BlockedFor => TimeSpan.Zero;

        void IFrameSink.Send(EncodedMessage message) => Send(message);

        public override SendResult Send(EncodedMessage message)
        {
            lock (_texts)
            {
                foreach (var encoded in message is EncodedBatch batch ? batch.Frames : [(EncodedFrame)message])
                {
                    ChatCodec.TryReadServer(encoded.Payload.Span, out var frame).Should().BeTrue();
                    if (frame is AckFrame ack)
                        _texts.Add($"ack {ack.Seq}");
                    else if (frame is MessageFrame shown)
                        _texts.Add($"message {shown.Seq} {shown.Text}");
                    else if (frame is GapFrame gap)
                        _texts.Add($"gap {gap.From} {gap.To}");
                }
            }

            return SendResult.Accepted;
        }

        public override void SendFirst(EncodedMessage message)
        {
        }

        public override ValueTask<bool> WaitForDrainAsync() => new(true);

        public override void Complete(EncodedMessage? closeMessage, Disconnect reason)
        {
        }
    }

    /// <summary>A log in memory, to which this server and another server append.</summary>
    private sealed class SharedLog : IRoomLog, INodes
    {
        private readonly MemoryRoomLog _memory = new(Options.Create(new DataOptions()), TimeProvider.System);
        private int _reads;

        public event Action<string, long>? EventsAvailable;

        public event Action<string, bool>? RoomLost;

        public event Action<NodeNotice>? NoticeReceived;

        public event Action? NoticesMissed;

        public event Action<string, RemotePresence>? PresenceChanged;

        public event Action? Swept;

        public bool IsEnabled => true;

        public bool IsLeader => true;

        public int Reads => Volatile.Read(ref _reads);

        /// <summary>The number of reads that will fail.</summary>
        public int FailingReads { get; set; }

        /// <summary>The seq of the oldest event that a read of new events finds.</summary>
        public long FirstSeq { get; set; } = 1;

        /// <summary>The maximum number of events that a read of new events returns.</summary>
        public int MaxPage { get; set; } = int.MaxValue;

        /// <summary>The number of events that the other server stores during each read of new events.</summary>
        public int StoredDuringRead { get; set; }

        /// <summary>If set, appends store their events immediately but return only after the task of this source has completed.</summary>
        public TaskCompletionSource? Hold { get; set; }

        /// <summary>Completed when an event of this server is stored.</summary>
        public TaskCompletionSource Stored { get; } = new();

        public Task StoreElsewhereAsync(params string[] texts) => StoreElsewhereAsync([.. texts.Select(text => new NewEvent(RoomEventKind.Message, "u2", "bob", text))]);

        public async Task StoreElsewhereAsync(params NewEvent[] events) => await _memory.AppendAsync("lobby", events, default);

        public ValueTask<RoomLogState> OpenAsync(string room, CancellationToken cancellationToken) => _memory.OpenAsync(room, cancellationToken);

        public async ValueTask<IReadOnlyList<AppendResult>> AppendAsync(string room, IReadOnlyList<NewEvent> batch, CancellationToken cancellationToken)
        {
            var results = await _memory.AppendAsync(room, batch, cancellationToken);
            Stored.TrySetResult();
            if (Hold is { } hold)
                await hold.Task;
            return results;
        }

        public ValueTask<IReadOnlyList<RoomEvent>> ReadAfterAsync(string room, long after, int max, int maxBytes, CancellationToken cancellationToken) =>
            _memory.ReadAfterAsync(room, after, max, maxBytes, cancellationToken);

        public ValueTask<IReadOnlyList<RoomEvent>> ReadBeforeAsync(string room, long before, int max, int maxBytes, CancellationToken cancellationToken) =>
            _memory.ReadBeforeAsync(room, before, max, maxBytes, cancellationToken);

        public async ValueTask<NewEvents> ReadNewAsync(string room, long after, int max, int maxBytes, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _reads);
            if (FailingReads > 0)
            {
                FailingReads--;
                throw new StorageException("the test lets the read fail");
            }

            var last = (await _memory.OpenAsync(room, cancellationToken)).Last;
            var events = await _memory.ReadAfterAsync(room, Math.Max(after, FirstSeq - 1), Math.Min(max, MaxPage), maxBytes, cancellationToken);
            for (var i = 0; i < StoredDuringRead; i++)
                await StoreElsewhereAsync("more");
            return new NewEvents(events, new Dictionary<long, RoomEvent>(), RoomModeration.Empty, last, FirstSeq);
        }

        public ValueTask FollowAsync(string room, CancellationToken cancellationToken) => default;

        public void Unfollow(string room)
        {
        }

        public void SetPresence(string room, LocalPresence presence)
        {
        }

        public ValueTask<bool> TryClaimNameAsync(UsedName name, CancellationToken cancellationToken) => new(true);

        public void ReleaseNames(string user, string? current)
        {
        }

        public ValueTask<UsedName?> FindBearerAsync(string skeleton, CancellationToken cancellationToken) => default;

        public ValueTask RenewNamesAsync(IReadOnlyList<UsedName> names, CancellationToken cancellationToken) => default;

        public ValueTask<IReadOnlyList<string>> FindEndedSessionsAsync(IReadOnlyList<string> tokenHashes, CancellationToken cancellationToken) => new([]);

        public ValueTask RenewSessionsAsync(IReadOnlyList<string> tokenHashes, CancellationToken cancellationToken) => default;

        public ValueTask<bool> HasOthersAsync(CancellationToken cancellationToken) => new(true);

        public ValueTask<IReadOnlySet<string>> FindConnectedAsync(IReadOnlyList<string> users, CancellationToken cancellationToken) => new(new HashSet<string>());

        public ValueTask<bool> HasMembersElsewhereAsync(string room, CancellationToken cancellationToken) => new(false);

        public void Announce(NodeNotice notice)
        {
            // The interface requires these C# events, but the room's loop does not subscribe to them. The discard prevents a compiler warning.
            _ = (EventsAvailable, RoomLost, NoticeReceived, NoticesMissed, PresenceChanged, Swept);
        }
    }
}
