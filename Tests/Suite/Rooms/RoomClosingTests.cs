using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

/// <summary>The server closes unused rooms. It removes rooms that never had an event, and rooms that have neither members nor an owner.</summary>
public sealed class RoomClosingTests
{
    private ServerUnderTest _server = null!;

    private RoomDirectory Directory => _server.Services.GetRequiredService<RoomDirectory>();

    [TearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [TestCase("full")]
    [TestCase("none")]
    public async Task Closed_room_is_the_same_room_when_it_is_opened_again(string durability)
    {
        _server = await ServerUnderTest.StartAsync("--Data:Durability", durability, "--Limits:Enabled", "false");
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann");
        var before = await CreateAsync(ann, "garden");
        await ann.SayAsync("first", room: "garden");
        await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Topic, Room = "garden", Text = "be kind", Id = FrameId.From("t") });
        await LeaveAsync(ann, "garden");

        var closed = Directory.FindOpen("garden")!;
        await Directory.UnloadUnusedAsync(TimeSpan.Zero);
        Directory.Open.Select(room => room.Name).Should().Equal(["lobby"], "the default room stays open");

        var joined = await ann.RequestAsync<JoinedFrame>(Join("garden"));
        Directory.FindOpen("garden").Should().NotBeNull().And.NotBe(closed);
        joined.Should().Match<JoinedFrame>(frame => frame.Epoch == before.Epoch && frame.Seq == 2 && frame.Topic == "be kind" && frame.Role == "owner" && frame.MemberCount == 1);
        joined.Messages.Should().HaveCount(2);
        (await ann.SayAsync("third", room: "garden")).Seq.Should().Be(3);
        Directory.Count.Should().Be(2);
    }

    [Test]
    public async Task Room_with_a_member_or_with_recent_use_stays_open()
    {
        _server = await ServerUnderTest.StartAsync();
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann");
        await CreateAsync(ann, "garden");
        await Directory.UnloadUnusedAsync(TimeSpan.Zero);
        Directory.FindOpen("garden").Should().NotBeNull("ann is in it");

        await LeaveAsync(ann, "garden");
        await Directory.UnloadUnusedAsync(TimeSpan.FromMinutes(10));
        Directory.FindOpen("garden").Should().NotBeNull("ann has just left");
        await Directory.UnloadUnusedAsync(TimeSpan.Zero);
        Directory.FindOpen("garden").Should().BeNull();
    }

    [Test]
    public async Task Closed_room_is_not_kept_in_memory()
    {
        _server = await ServerUnderTest.StartAsync("--Data:Durability", "none");
        var rooms = await OpenManyAsync(1_000);
        await Directory.UnloadUnusedAsync(TimeSpan.Zero);
        Directory.Open.Should().ContainSingle();

        // The last continuations of the loops may still run, and they refer to the rooms.
        await TestWait.UntilAsync(
            () =>
            {
                GC.Collect();
                return rooms.All(room => !room.IsAlive);
            },
            () => $"{rooms.Count(room => room.IsAlive)} closed rooms are still in memory");
    }

    [Test]
    public async Task Commands_to_a_closed_room_are_answered_and_have_no_effect()
    {
        _server = await ServerUnderTest.StartAsync();
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann");
        await CreateAsync(ann, "garden");
        await LeaveAsync(ann, "garden");
        var room = Directory.FindOpen("garden")!;
        await Directory.UnloadUnusedAsync(TimeSpan.Zero);

        var connection = _server.FindConnection("ann");
        (await room.JoinAsync(connection, new RoomVisitor(new Person("u1", "ann")))).Should().BeNull();
        (await room.LeaveAsync(connection)).Should().BeFalse();
        (await room.GoLiveAsync(connection, 0)).Should().BeNull();
        (await room.ListMembersAsync(10)).Count.Should().Be(0);
        await room.RenameAsync(new Person("u1", "ann"), "bob");
        await room.PostAsync(connection, connection, new ClientFrame { Type = ClientFrameType.Say, Id = FrameId.From("late") }, new(RoomEventKind.Message, "u1", "ann", "hi"));
        (await ann.Inbox.ExpectAsync<ErrorFrame>(error => error.Id == FrameId.From("late"))).Error.Code.Should().Be(ErrorCode.Unavailable);
    }

    [Test]
    public async Task Server_closes_unused_rooms_after_IdleMinutes_and_removes_rooms_without_events_after_EmptyMinutes()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        _server = await ServerUnderTest.StartAsync(
            services => services.AddSingleton<TimeProvider>(time), "--Rooms:IdleMinutes", "5", "--Rooms:EmptyMinutes", "30", "--Limits:Enabled", "false", "--Connections:PingSeconds", "3600");
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann");
        foreach (var room in (string[])["empty", "used", "full"])
            await CreateAsync(ann, room);
        await ann.SayAsync("hi", room: "used");
        await LeaveAsync(ann, "empty");
        await LeaveAsync(ann, "used");

        await AdvanceAsync(time, minutes: 4);
        Directory.Open.Should().HaveCount(4);
        await AdvanceAsync(time, minutes: 3);
        await TestWait.UntilAsync(() => Directory.Open.Count() == 2, "two rooms to close");
        Directory.Open.Select(room => room.Name).Should().BeEquivalentTo("lobby", "full");
        Directory.Count.Should().Be(4);

        await AdvanceAsync(time, minutes: 30);
        await TestWait.UntilAsync(() => Directory.Count == 3, "the room without events to be removed");
        (await ann.RequestAsync<ErrorFrame>(Join("empty"))).Error.Code.Should().Be(ErrorCode.NoRoom);
        await ann.RequestAsync<JoinedFrame>(Join("used"));
        Directory.FindOpen("full").Should().NotBeNull("ann is in it");
    }

    [TestCase("full")]
    [TestCase("none")]
    public async Task Server_removes_a_room_that_has_neither_members_nor_an_owner_after_AbandonedDays(string durability)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        _server = await ServerUnderTest.StartAsync(
            services => services.AddSingleton<TimeProvider>(time), "--Data:Durability", durability, "--Rooms:AbandonedDays", "3", "--Limits:Enabled", "false", "--Connections:PingSeconds", "3600");
        var (ann, _) = await ChatClient.JoinAsync(_server.HttpPort, "ann");
        // Raw TCP has no pings, so the server does not close the connection while the time passes.
        await using var bob = await LineClient.ConnectAsync(_server.RawPort);
        foreach (var room in (string[])["left", "used"])
        {
            await CreateAsync(ann, room);
            await ann.SayAsync("hi", room: room);
        }

        await CreateAsync(bob, "owned");
        await bob.RequestAsync<AckFrame>(Say("hi", "1", "owned"));
        await bob.RequestAsync<JoinedFrame>(Join("used"));
        await ann.DisposeAsync();
        await TestWait.UntilAsync(() => Directory.FindOpen("left")!.Summary.MemberCount == 0, "ann to leave");

        // Ann's session expires after an hour, and then the server removes her user.
        await AdvanceUntilAsync(() => Directory.Open.Count() == 3, "the room without a member to be closed");
        time.Advance(TimeSpan.FromDays(2));
        await AdvanceUntilAsync(() => _server.Services.GetRequiredService<SessionStore>().Count == 1, "ann's session to expire");
        Directory.Count.Should().Be(4, "ann's message in the room is less than three days old");
        time.Advance(TimeSpan.FromDays(2));
        await AdvanceUntilAsync(() => Directory.Count == 3, "the abandoned room to be removed");

        (await bob.RequestAsync<ErrorFrame>(Join("left"))).Error.Code.Should().Be(ErrorCode.NoRoom);
        await bob.RequestAsync<AckFrame>(Say("still here", "2", "used"));
        await bob.RequestAsync<AckFrame>(Say("still here", "3", "owned"));
        (await CreateAsync(bob, "left")).Seq.Should().Be(0, "the name is free, and the log is gone");

        async Task AdvanceUntilAsync(Func<bool> condition, string what) => await TestWait.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMinutes(1));
                return condition();
            },
            what);
    }

    [Test]
    public async Task New_room_with_the_name_of_a_removed_room_shows_no_event_of_the_removed_room()
    {
        _server = await ServerUnderTest.StartAsync("--Rooms:TailBytes", "0");
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann");
        await CreateAsync(ann, "garden");
        await ann.SayAsync("secret", room: "garden");
        (await ann.RequestAsync<HistoryFrame>(History("secret"))).Messages.Should().ContainSingle("this request loads the message into the cache");
        await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Close, Room = "garden", Id = FrameId.From("close") });

        await ann.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "garden", Id = FrameId.From("again") });
        await ann.SayAsync("hello", room: "garden");
        (await ann.RequestAsync<HistoryFrame>(History("hello"))).Messages.DecodeMessages().Select(message => message.Text).Should().Equal("hello");

        static ClientFrame History(string id) => new() { Type = ClientFrameType.History, Room = "garden", Id = FrameId.From(id) };
    }

    [Test]
    public async Task Member_of_a_removed_room_cannot_enter_a_private_room_that_gets_the_same_name()
    {
        _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann");
        await CreateAsync(ann, "den");
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob", "den");
        await using var _1 = bob;

        // Bob stays a member of the room after his first connection has ended.
        await using var other = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?session={bob.Inbox.All.OfType<WelcomeFrame>().Single().Session}");
        (await other.Inbox.ExpectAsync<WelcomeFrame>()).Rooms.Should().Equal("den");
        await bob.DisposeAsync();
        await LeaveAsync(ann, "den");
        await TestWait.UntilAsync(() => Directory.FindOpen("den")!.Summary.MemberCount == 0, "bob's first connection to leave");
        await Directory.UnloadUnusedAsync(TimeSpan.Zero);
        await Directory.RemoveEmptyAsync(DateTimeOffset.UtcNow.AddMinutes(1), default);

        await ann.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "den", Private = true, Id = FrameId.From("again") });
        (await other.RequestAsync<ErrorFrame>(Join("den"))).Error.Code.Should().Be(ErrorCode.NoRoom);
        await other.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Whoami, Id = FrameId.From("w") });
        other.Inbox.All.OfType<WelcomeFrame>().Last().Rooms.Should().BeEmpty();
    }

    // If each caller read the state, a slow caller would open the room with an outdated state.
    [Test]
    public async Task Callers_that_open_a_room_at_the_same_time_share_one_read_of_its_state()
    {
        SlowLog log = null!;
        _server = await ServerUnderTest.StartAsync(
            services => services.AddSingleton<IRoomLog>(provider => log = new SlowLog(ActivatorUtilities.CreateInstance<SqlRoomLog>(provider))));
        await Directory.TryCreateAsync("garden", "", "u1", isPrivate: false);
        await Directory.UnloadUnusedAsync(TimeSpan.Zero);

        log.Delay();
        var first = Task.Run(() => Directory.FindAsync("garden").AsTask());
        await log.Called.OrFail("the first read");
        var second = Task.Run(() => Directory.FindAsync("garden").AsTask());
        var third = Task.Run(() => Directory.RemoveEmptyAsync(DateTimeOffset.UtcNow.AddMinutes(1), default));
        await third.OrFail("the removal to skip a room that is being opened");
        log.Continue();

        var found = await Task.WhenAll(first, second);
        found[0].Should().NotBeNull().And.BeSameAs(found[1]);
        log.OpenCount.Should().Be(1);
    }

    [Test]
    public async Task Concurrent_creations_never_exceed_the_maximum_number_of_rooms()
    {
        _server = await ServerUnderTest.StartAsync();
        var results = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(() =>
            Directory.TryCreateAsync($"room{i % 40}", "", $"u{i}", isPrivate: false, maxRooms: 11))));
        var created = results.Count(result => result.Room is not null);
        created.Should().Be(10, "the default room is the eleventh");
        Directory.Count.Should().Be(11);
        (await Directory.TryCreateAsync("one-more", "", "u1", isPrivate: false, maxRooms: 11)).Result.Should().Be(RoomCreation.TooManyRooms);
        (await Directory.TryCreateAsync("one-more", "", "u1", isPrivate: false, maxRooms: 12)).Result.Should().Be(RoomCreation.Created);
    }

    private static Task<JoinedFrame> CreateAsync(IChatPeer client, string room) =>
        client.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = room, Id = FrameId.From($"create {room}") });

    private static Task<AckFrame> LeaveAsync(ChatClient client, string room) =>
        client.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Leave, Room = room, Id = FrameId.From($"leave {room}") });

    // This is a separate method. Otherwise a local variable of the test could keep the rooms in memory.
    private async Task<List<WeakReference>> OpenManyAsync(int count)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var found = new List<WeakReference>();
        for (var i = 0; i < count; i++)
            found.Add(new WeakReference((await Directory.TryCreateAsync($"room{i}", "", "u1", isPrivate: false)).Room));
        await TestContext.Out.WriteLineAsync($"{(GC.GetTotalMemory(forceFullCollection: true) - before) / count} bytes for each open room");
        return found;
    }

    // If the time jumps over several periods of a periodic timer, the timer ticks only once. So advance the time minute by minute.
    private static async Task AdvanceAsync(FakeTimeProvider time, int minutes)
    {
        for (var minute = 0; minute < minutes; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
        }
    }

    /// <summary>A log whose reads of a room's state wait for <see cref="Continue"/> after <see cref="Delay"/> was called.</summary>
    private sealed class SlowLog(IRoomLog inner) : IRoomLog
    {
        private TaskCompletionSource _called = new();
        private TaskCompletionSource? _gate;
        private int _openCount;

        public int OpenCount => _openCount;

        public Task Called => _called.Task;

        public void Delay() => (_called, _gate, _openCount) = (new(), new(), 0);

        public void Continue() => _gate!.SetResult();

        public async ValueTask<RoomLogState> OpenAsync(string room, CancellationToken cancellationToken)
        {
            var state = await inner.OpenAsync(room, cancellationToken);
            Interlocked.Increment(ref _openCount);
            _called.TrySetResult();
            if (_gate is { } gate)
                await gate.Task;
            return state;
        }

        public ValueTask<IReadOnlyList<AppendResult>> AppendAsync(string room, IReadOnlyList<NewEvent> batch, CancellationToken cancellationToken) =>
            inner.AppendAsync(room, batch, cancellationToken);

        public ValueTask<IReadOnlyList<RoomEvent>> ReadAfterAsync(string room, long after, int max, int maxBytes, CancellationToken cancellationToken) =>
            inner.ReadAfterAsync(room, after, max, maxBytes, cancellationToken);

        public ValueTask<IReadOnlyList<RoomEvent>> ReadBeforeAsync(string room, long before, int max, int maxBytes, CancellationToken cancellationToken) =>
            inner.ReadBeforeAsync(room, before, max, maxBytes, cancellationToken);
    }
}
