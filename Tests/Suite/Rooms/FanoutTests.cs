using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Tests.Rooms;

/// <summary>In these tests, each delivery to a member takes one millisecond of the fake clock. Only deliveries and the tests advance this clock.</summary>
public sealed class FanoutTests
{
    private static readonly ClientFrame Say = new() { Type = ClientFrameType.Say };

    private FakeTimeProvider _time = null!;
    private List<Reader> _members = [];
    private RoomLoop _room = null!;

    // Each test has a new clock. The room of an earlier test may still gather messages, and the delivery of these messages would advance a shared clock.
    [SetUp]
    public void ResetTime() => _time = new FakeTimeProvider();

    [Test]
    public async Task Room_sends_a_single_message_immediately()
    {
        await OpenAsync(members: 3);

        await SayAsync("one");
        Deliveries.Should().Equal("one");

        _time.Advance(TimeSpan.FromMilliseconds(12));
        await SayAsync("two");
        Deliveries.Should().Equal("one", "two");
    }

    [Test]
    public async Task Busy_room_gathers_messages_and_sends_them_together_after_the_gathering_window()
    {
        await OpenAsync(members: 3);
        await SayAsync("one");

        await SayAsync("two");
        await SayAsync("three");
        Deliveries.Should().Equal("one");

        _time.Advance(TimeSpan.FromMilliseconds(12));
        await WaitForLoopAsync();
        Deliveries.Should().Equal("one", "two three");
    }

    [Test]
    public async Task Message_waits_no_longer_than_the_gathering_window()
    {
        await OpenAsync(members: 10, gatherMilliseconds: 25);
        await SayAsync("one");
        await SayAsync("two");

        // The window began with the fan-out of the first message, which took 10 ms.
        _time.Advance(TimeSpan.FromMilliseconds(14));
        await WaitForLoopAsync();
        Deliveries.Should().Equal("one");

        _time.Advance(TimeSpan.FromMilliseconds(1));
        await WaitForLoopAsync();
        Deliveries.Should().Equal("one", "two");
    }

    [Test]
    public async Task Room_does_not_gather_when_a_fan_out_takes_longer_than_the_window()
    {
        await OpenAsync(members: 30, gatherMilliseconds: 25);

        await SayAsync("one");
        await SayAsync("two");

        Deliveries.Should().Equal("one", "two");
    }

    [Test]
    public async Task Room_does_not_gather_when_the_window_is_zero()
    {
        await OpenAsync(members: 50, gatherMilliseconds: 0);

        await SayAsync("one");
        await SayAsync("two");

        Deliveries.Should().Equal("one", "two");
    }

    [Test]
    public async Task Acks_and_history_do_not_wait_for_the_gathering_window()
    {
        await OpenAsync(members: 3);
        await SayAsync("one");

        var acks = 0;
        await SayAsync("two", new CallbackSink(() => acks++));

        Deliveries.Should().Equal("one");
        acks.Should().Be(1);
        (await _room.History.ReadBeforeAsync(long.MaxValue, 10)).Should().HaveCount(2);
    }

    [Test]
    public async Task Connection_that_joins_during_the_gathering_window_receives_each_message_once()
    {
        await OpenAsync(members: 3);
        await SayAsync("one");
        await SayAsync("two");

        var late = new Reader(_time);
        var entered = await _room.JoinAsync(late.Connection, new RoomVisitor(new Person("late", "late")));
        (await _room.GoLiveAsync(late.Connection, entered!.Seq - 1)).Should().BeTrue();
        _time.Advance(TimeSpan.FromSeconds(1));
        await WaitForLoopAsync();

        late.Deliveries.Should().Equal("two");
        Deliveries.Should().Equal("one", "two");
    }

    [Test]
    public async Task Connection_receives_the_gathered_messages_before_it_leaves()
    {
        await OpenAsync(members: 3);
        await SayAsync("one");
        await SayAsync("two");

        await _room.LeaveAsync(_members[1].Connection);

        _members[1].Deliveries.Should().Equal("one", "two");
    }

    [TestCase(0, false)]
    [TestCase(100, true)]
    public async Task Lost_connection_ends_the_gathering_only_if_the_room_announces_names(int namedMembers, bool flushes)
    {
        await OpenAsync(members: 3, namedMembers: namedMembers);
        await SayAsync("one");
        await SayAsync("two");

        _members[2].Connection.Close(Disconnect.Lost);
        await _room.LeaveAsync(_members[2].Connection);

        Deliveries.Should().HaveCount(flushes ? 2 : 1);
    }

    [Test]
    public async Task Room_sends_gathered_messages_immediately_when_they_reach_the_size_limit()
    {
        await OpenAsync(members: 3);
        await SayAsync("one");

        await SayAsync(new string('x', 8_000));
        Deliveries.Should().HaveCount(1);
        await SayAsync(new string('y', 9_000));
        Deliveries.Should().HaveCount(2);
    }

    [Test]
    public async Task Stopping_room_delivers_the_gathered_messages()
    {
        var run = await OpenAsync(members: 3);
        await SayAsync("one");
        await SayAsync("two");

        _room.Stop();
        await run;

        Deliveries.Should().Equal("one", "two");
    }

    private List<string> Deliveries => _members[0].Deliveries;

    private async Task<Task> OpenAsync(int members, int gatherMilliseconds = 25, int namedMembers = 0)
    {
        var log = new MemoryRoomLog(Options.Create(new DataOptions()), _time);
        var options = new RoomOptions { NamedMembers = namedMembers };
        _room = new RoomLoop(
            new Room("lobby", "", isPrivate: false), RoomModeration.Empty,
            await log.OpenAsync("lobby", CancellationToken.None),
            log,
            new HistoryCache(Options.Create(options)),
            new TailBudget(Options.Create(options)),
            options,
            new FanoutOptions { GatherMilliseconds = gatherMilliseconds },
            new UserRoomIndex(),
            _time,
            NullLogger<RoomLoop>.Instance);
        var run = _room.RunAsync();
        _members = [.. Enumerable.Range(0, members).Select(_ => new Reader(_time))];
        foreach (var (i, member) in _members.Index())
        {
            await _room.JoinAsync(member.Connection, new RoomVisitor(new Person($"u{i}", $"n{i}")));
            await _room.GoLiveAsync(member.Connection, 0);
        }

        return run;
    }

    private async Task SayAsync(string text, IFrameSink? answers = null)
    {
        await _room.PostAsync(_members[0].Connection, answers ?? new CallbackSink(() => { }), Say, new NewEvent(RoomEventKind.Message, "u0", "n0", text));
        await WaitForLoopAsync();
    }

    // Completes when the loop has handled all earlier commands.
    private Task<MemberList> WaitForLoopAsync() => _room.ListMembersAsync(1);

    private sealed class CallbackSink(Action onSend) : IFrameSink
    {
        public void Send(EncodedMessage outbound) => onSend();
    }

    /// <summary>A member of the room. Each delivery to this member advances the clock by a millisecond.</summary>
    private sealed class Reader : Outbox
    {
        private readonly FakeTimeProvider _time;

        public Reader(FakeTimeProvider time)
        {
            _time = time;
            Connection = new Connection("test", "here", new ConnectionRequest(), this, time);
        }

        public Connection Connection { get; }

        /// <summary>One string for each delivered batch: the texts of its events, separated by spaces.</summary>
        public List<string> Deliveries { get; } = [];

        public override long QueuedBytes => 0;

        public override long LimitBytes => 0;

        public override TimeSpan BlockedFor => TimeSpan.Zero;

        public override SendResult Send(EncodedMessage outbound)
        {
            if (outbound is EncodedBatch batch)
            {
                Deliveries.Add(string.Join(' ', batch.Frames.Select(GetText)));
                _time.Advance(TimeSpan.FromMilliseconds(1));
            }

            return SendResult.Accepted;
        }

        public override void SendFirst(EncodedMessage outbound)
        {
        }

        public override ValueTask<bool> WaitForDrainAsync() => new(true);

        public override void Complete(EncodedMessage? closeMessage, Disconnect reason)
        {
        }

        private static string GetText(EncodedFrame frame)
        {
            using var json = System.Text.Json.JsonDocument.Parse(frame.Payload);
            return json.RootElement.GetProperty("text").GetString()!;
        }
    }
}
