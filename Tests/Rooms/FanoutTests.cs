using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Tests.Rooms;

/// <summary>In these rooms a delivery takes a millisecond, and time passes by nothing else.</summary>
public sealed class FanoutTests
{
    private static readonly ClientFrame Say = new() { Type = ClientFrameType.Say };

    private readonly FakeTimeProvider _time = new();
    private List<Reader> _members = [];
    private RoomLoop _room = null!;

    [Test]
    public async Task A_lone_message_never_waits()
    {
        await OpenAsync(members: 3);

        await SayAsync("one");
        Deliveries.Should().Equal("one");

        _time.Advance(TimeSpan.FromMilliseconds(12));
        await SayAsync("two");
        Deliveries.Should().Equal("one", "two");
    }

    [Test]
    public async Task What_is_said_while_a_busy_room_rests_leaves_together()
    {
        await OpenAsync(members: 3);
        await SayAsync("one");

        await SayAsync("two");
        await SayAsync("three");
        Deliveries.Should().Equal("one");

        _time.Advance(TimeSpan.FromMilliseconds(12));
        await SettledAsync();
        Deliveries.Should().Equal("one", "two three");
    }

    [Test]
    public async Task Nothing_is_held_for_longer_than_the_setting_allows()
    {
        await OpenAsync(members: 10, gatherMilliseconds: 25);
        await SayAsync("one");
        await SayAsync("two");

        // The fan-out itself took ten.
        _time.Advance(TimeSpan.FromMilliseconds(14));
        await SettledAsync();
        Deliveries.Should().Equal("one");

        _time.Advance(TimeSpan.FromMilliseconds(1));
        await SettledAsync();
        Deliveries.Should().Equal("one", "two");
    }

    [Test]
    public async Task A_room_whose_fan_out_takes_longer_than_that_does_not_rest()
    {
        await OpenAsync(members: 30, gatherMilliseconds: 25);

        await SayAsync("one");
        await SayAsync("two");

        Deliveries.Should().Equal("one", "two");
    }

    [Test]
    public async Task Nothing_gathers_where_the_setting_says_so()
    {
        await OpenAsync(members: 50, gatherMilliseconds: 0);

        await SayAsync("one");
        await SayAsync("two");

        Deliveries.Should().Equal("one", "two");
    }

    [Test]
    public async Task Acks_and_history_do_not_wait()
    {
        await OpenAsync(members: 3);
        await SayAsync("one");

        var acks = 0;
        await SayAsync("two", new Answers(() => acks++));

        Deliveries.Should().Equal("one");
        acks.Should().Be(1);
        (await _room.History.BeforeAsync(long.MaxValue, 10)).Should().HaveCount(2);
    }

    [Test]
    public async Task Who_goes_live_while_something_is_held_gets_it_once()
    {
        await OpenAsync(members: 3);
        await SayAsync("one");
        await SayAsync("two");

        var late = new Reader(_time);
        var entered = await _room.EnterAsync(late.Connection, new Person("late", "late"));
        (await _room.GoLiveAsync(late.Connection, entered.Seq - 1)).Should().BeTrue();
        _time.Advance(TimeSpan.FromSeconds(1));
        await SettledAsync();

        late.Deliveries.Should().Equal("two");
        Deliveries.Should().Equal("one", "two");
    }

    [Test]
    public async Task Who_leaves_has_got_what_was_held()
    {
        await OpenAsync(members: 3);
        await SayAsync("one");
        await SayAsync("two");

        await _room.LeaveAsync(_members[1].Connection);

        _members[1].Deliveries.Should().Equal("one", "two");
    }

    [TestCase(0, false)]
    [TestCase(100, true)]
    public async Task Who_is_gone_ends_the_rest_only_where_the_room_hears_their_name(int namedMembers, bool ends)
    {
        await OpenAsync(members: 3, namedMembers: namedMembers);
        await SayAsync("one");
        await SayAsync("two");

        _members[2].Connection.Close(Disconnect.Lost);
        await _room.LeaveAsync(_members[2].Connection);

        Deliveries.Should().HaveCount(ends ? 2 : 1);
    }

    [Test]
    public async Task More_than_a_reader_should_owe_at_once_does_not_gather()
    {
        await OpenAsync(members: 3);
        await SayAsync("one");

        await SayAsync(new string('x', 8_000));
        Deliveries.Should().HaveCount(1);
        await SayAsync(new string('y', 9_000));
        Deliveries.Should().HaveCount(2);
    }

    [Test]
    public async Task A_room_that_closes_delivers_what_it_holds()
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
            new Room("lobby", "", null, false),
            await log.OpenAsync("lobby", CancellationToken.None),
            log,
            new HistoryCache(Options.Create(options)),
            options,
            new FanoutOptions { GatherMilliseconds = gatherMilliseconds },
            new Whereabouts(),
            _time,
            NullLogger<RoomLoop>.Instance);
        var run = _room.RunAsync();
        _members = [.. Enumerable.Range(0, members).Select(_ => new Reader(_time))];
        foreach (var (i, member) in _members.Index())
        {
            await _room.EnterAsync(member.Connection, new Person($"u{i}", $"n{i}"));
            await _room.GoLiveAsync(member.Connection, 0);
        }

        return run;
    }

    private async Task SayAsync(string text, IFrameSink? answers = null)
    {
        await _room.PostAsync(_members[0].Connection, answers ?? new Answers(() => { }), Say, new NewEvent(RoomEventKind.Message, "u0", "n0", text));
        await SettledAsync();
    }

    // The loop has done all that was asked of it before.
    private Task<WhoIsHere> SettledAsync() => _room.WhoAsync(1);

    private sealed class Answers(Action sent) : IFrameSink
    {
        public void Send(Outbound outbound) => sent();
    }

    /// <summary>A member whose every delivery takes a millisecond.</summary>
    private sealed class Reader : Outbox
    {
        private readonly FakeTimeProvider _time;

        public Reader(FakeTimeProvider time)
        {
            _time = time;
            Connection = new Connection("test", "here", new ConnectionRequest(), this, time);
        }

        public Connection Connection { get; }

        /// <summary>The texts of each batch of events, side by side.</summary>
        public List<string> Deliveries { get; } = [];

        public override long QueuedBytes => 0;

        public override long LimitBytes => 0;

        public override TimeSpan StuckFor => TimeSpan.Zero;

        public override SendResult Send(Outbound outbound)
        {
            if (outbound is OutboundBatch batch)
            {
                Deliveries.Add(string.Join(' ', batch.Frames.Select(TextOf)));
                _time.Advance(TimeSpan.FromMilliseconds(1));
            }

            return SendResult.Accepted;
        }

        public override void SendFirst(Outbound outbound)
        {
        }

        public override ValueTask<bool> DrainedAsync() => new(true);

        public override void Complete(Outbound? farewell, Disconnect reason)
        {
        }

        private static string TextOf(OutboundFrame frame)
        {
            using var json = System.Text.Json.JsonDocument.Parse(frame.Payload);
            return json.RootElement.GetProperty("text").GetString()!;
        }
    }
}
