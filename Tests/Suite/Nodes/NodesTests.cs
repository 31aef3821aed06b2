using Dapper;
using Npgsql;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Nodes;

/// <summary>A chat on two server processes with one database.</summary>
[Category(Categories.Slow)] // runs PostgreSQL and server processes
[Parallelizable(ParallelScope.Self)]
public sealed class NodesTests
{
    private static int NameCount;

    private NodeCluster _cluster = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _cluster = await NodeCluster.StartAsync(2, ["--Limits:Enabled", "false"]);

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    [Test]
    public async Task Clients_of_both_servers_see_the_events_in_the_same_order()
    {
        var load = new NodeLoad(_cluster, await CreateRoomAsync(), clients: 6, moveAfter: 200);
        (await load.RunAsync(running => running.WaitForAcksAsync(1_000))).Should().BeEmpty();
        load.Clients.Should().OnlyContain(client => client.Connections > 1);
    }

    [Test]
    public async Task Client_that_moves_to_the_other_server_finds_its_last_message_there()
    {
        var room = await CreateRoomAsync();
        var (ann, session, joined) = await JoinAsync(0, room);
        await using var _ = ann;
        var ack = await ann.SayAsync("one", room: room);
        ann.Abort();

        await using var moved = await ChatClient.ConnectAsync(_cluster.Ports[1], $"/ws?session={session}");
        (await moved.Inbox.ExpectAsync<WelcomeFrame>()).Session.Should().Be(session);
        var again = await moved.RequestAsync<JoinedFrame>(Join(room, joined.Seq, joined.Epoch));
        again.Should().Match<JoinedFrame>(frame => frame.Recovered == true && frame.Seq == ack.Seq && frame.Epoch == joined.Epoch);
        again.Messages.DecodeMessages().Select(message => message.Text).Should().Equal("one");
    }

    [Test]
    public async Task Message_that_is_sent_again_to_the_other_server_is_not_stored_again()
    {
        var room = await CreateRoomAsync();
        var (ann, session, joined) = await JoinAsync(0, room);
        await using var _ = ann;
        var first = await ann.SayAsync("one", "id", room);
        await using var moved = await ChatClient.ConnectAsync(_cluster.Ports[1], $"/ws?session={session}&room={room}");
        await moved.Inbox.ExpectAsync<JoinedFrame>();
        (await moved.SayAsync("one", "id", room)).Should().Match<AckFrame>(ack => ack.Duplicate && ack.Seq == first.Seq);
        (await moved.RequestAsync<JoinedFrame>(Join(room, joined.Seq, joined.Epoch))).Messages.DecodeMessages().Should().ContainSingle();
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Message_that_is_sent_to_both_servers_at_the_same_time_is_stored_once(bool sameRoom)
    {
        var room = await CreateRoomAsync();
        var other = sameRoom ? room : await CreateRoomAsync();
        var (ann, session, _) = await JoinAsync(0, room);
        await using var first = ann;
        await using var second = await ChatClient.ConnectAsync(_cluster.Ports[1], $"/ws?session={session}&room={other}");
        await second.Inbox.ExpectAsync<JoinedFrame>();
        for (var i = 0; i < 20; i++)
        {
            var acks = await Task.WhenAll(first.SayAsync($"{i}", $"{i}", room), second.SayAsync($"{i}", $"{i}", other));
            acks.Count(ack => ack.Duplicate).Should().Be(1);
            (acks[0].Room, acks[0].Seq).Should().Be((acks[1].Room, acks[1].Seq));
        }
    }

    [Test]
    public async Task Changes_of_a_message_reach_the_other_server_and_its_history()
    {
        var room = await CreateRoomAsync();
        var (ann, _, _) = await JoinAsync(0, room);
        var (bob, _, _) = await JoinAsync(1, room);
        await using var a = ann;
        await using var b = bob;
        var message = await ann.SayAsync("secret one", room: room);
        await bob.Inbox.ExpectAsync<MessageFrame>(frame => frame.Text == "secret one");
        await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Edit, Room = room, Seq = message.Seq, Text = "second", Id = FrameId.From("e") });
        await bob.Inbox.ExpectAsync<EditedFrame>(edit => edit.Of == message.Seq && edit.Text == "second");
        await bob.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.React, Room = room, Seq = message.Seq, Emoji = "👍", Id = FrameId.From("r") });
        await ann.Inbox.ExpectAsync<ReactedFrame>(reaction => reaction.Of == message.Seq);
        (await ReadHistoryAsync(bob, room)).Should().ContainSingle().Which.Should().Match<MessageFrame>(shown => shown.Text == "second" && shown.Reactions!.Count == 1);
        (await ReadHistoryAsync(ann, room)).Should().ContainSingle().Which.Reactions.Should().ContainSingle();

        await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Delete, Room = room, Seq = message.Seq, Id = FrameId.From("d") });
        await bob.Inbox.ExpectAsync<DeletedFrame>(deletion => deletion.Of == message.Seq);
        (await ReadHistoryAsync(bob, room)).Should().ContainSingle().Which.Should().Match<MessageFrame>(shown => shown.Deleted && shown.Text == "");

        await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Topic, Room = room, Text = "news", Id = FrameId.From("t") });
        await bob.Inbox.ExpectAsync<TopicFrame>(topic => topic.Text == "news");
        (await bob.RequestAsync<JoinedFrame>(Join(room))).Topic.Should().Be("news");
    }

    [Test]
    public async Task Event_that_is_not_announced_is_delivered_by_the_sweep()
    {
        var room = await CreateRoomAsync();
        var (ann, _, joined) = await JoinAsync(0, room);
        await using var _ = ann;
        await using var connection = new NpgsqlConnection(_cluster.Database + ";Pooling=false");
        await connection.ExecuteAsync(
            "INSERT INTO events (room, seq, kind, author, name, at, text) SELECT id, @Seq, 'message', 'u0', 'eve', 1000, 'silent' FROM rooms WHERE name = @room", new { Seq = joined.Seq + 1, room });
        (await ann.Inbox.ExpectAsync<MessageFrame>()).Should().Match<MessageFrame>(message => message.Text == "silent" && message.Seq == joined.Seq + 1);
        (await ann.SayAsync("next", room: room)).Seq.Should().Be(joined.Seq + 2);
    }

    [Test]
    public async Task Kick_reaches_the_user_at_the_other_server()
    {
        var (owner, room) = await CreateRoomWithOwnerAsync();
        await using var _ = owner;
        var (bob, name, session) = await EnterAsync(1, room);
        await using var b = bob;
        await owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Kick, Room = room, User = name, Seconds = 60, Id = FrameId.From("k") });
        (await bob.Closed.OrFail("the close")).Code.Should().Be(Disconnect.Kicked.Code);
        await using var again = await ChatClient.ConnectAsync(_cluster.Ports[1], $"/ws?session={session}");
        (await again.RequestAsync<ErrorFrame>(Join(room))).Error.Code.Should().Be(ErrorCode.Banned);
    }

    [Test]
    public async Task Mute_applies_at_the_other_server()
    {
        var (owner, room) = await CreateRoomWithOwnerAsync();
        await using var _ = owner;
        var (bob, name, _) = await EnterAsync(1, room);
        await using var b = bob;
        await owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Mute, Room = room, User = name, Id = FrameId.From("m") });
        await bob.Inbox.ExpectAsync<ModeratedFrame>(done => done.Action == "mute");
        (await bob.RequestAsync<ErrorFrame>(Say("hello", "1", room))).Error.Code.Should().Be(ErrorCode.Muted);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Sessions_that_end_are_closed_at_the_other_server(bool byPassword)
    {
        var name = CreateName();
        await using var first = await ChatClient.ConnectAsync(_cluster.Ports[0], "/ws");
        await first.Inbox.ExpectAsync<WelcomeFrame>();
        await first.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Register, Name = name, Password = "correct horse", Id = FrameId.From("r") });
        await using var second = await ChatClient.ConnectAsync(_cluster.Ports[1], "/ws");
        await second.Inbox.ExpectAsync<WelcomeFrame>();
        var other = await second.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Login, Name = name, Password = "correct horse", Id = FrameId.From("l") });

        await first.RequestAsync<AckFrame>(byPassword
            ? new ClientFrame { Type = ClientFrameType.Password, Old = "correct horse", New = "battery staple", Id = FrameId.From("p") }
            : new ClientFrame { Type = ClientFrameType.Logout, Everywhere = true, Id = FrameId.From("o") });
        (await second.Closed.OrFail("the close")).Code.Should().Be(Disconnect.SessionEnded.Code);
        await using var again = await ChatClient.ConnectAsync(_cluster.Ports[1], $"/ws?session={other.Session}");
        (await again.Inbox.ExpectAsync<WelcomeFrame>()).Guest.Should().BeTrue("the session has ended");
    }

    [Test]
    public async Task Session_that_was_removed_without_a_notice_is_closed_by_the_sweep()
    {
        var (ann, _, _) = await JoinAsync(1, "lobby");
        await using var _ = ann;
        await ann.SendAsync(new ClientFrame { Type = ClientFrameType.Whoami, Id = FrameId.From("w") });
        var user = (await ann.Inbox.ExpectAsync<WelcomeFrame>()).User;
        await using var connection = new NpgsqlConnection(_cluster.Database + ";Pooling=false");
        await connection.ExecuteAsync("DELETE FROM sessions WHERE \"user\" = @user", new { user });
        (await ann.Closed.OrFail("the close")).Code.Should().Be(Disconnect.SessionEnded.Code);
    }

    [Test]
    public async Task Two_users_at_different_servers_cannot_have_the_same_name()
    {
        var name = CreateName();
        var holder = await ChatClient.ConnectAsync(_cluster.Ports[0], $"/ws?name={name}");
        (await holder.Inbox.ExpectAsync<WelcomeFrame>()).Name.Should().Be(name);
        await using var other = await ChatClient.ConnectAsync(_cluster.Ports[1], $"/ws?name={name}");
        (await other.Inbox.ExpectAsync<WelcomeFrame>()).Name.Should().NotBe(name);
        (await other.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.NameTaken);
        // If two users want a free name at the same time, only one of them gets it.
        var wanted = CreateName();
        await using var ann = await ChatClient.ConnectAsync(_cluster.Ports[0], "/ws");
        await ann.Inbox.ExpectAsync<WelcomeFrame>();
        await Task.WhenAll(ann.SendAsync(Nick(wanted)), other.SendAsync(Nick(wanted)));
        var answers = await Task.WhenAll(
            ann.Inbox.ExpectAsync<ServerFrame>(frame => GetId(frame) == FrameId.From(wanted)), other.Inbox.ExpectAsync<ServerFrame>(frame => GetId(frame) == FrameId.From(wanted)));
        answers.Count(answer => answer is AckFrame).Should().Be(1);

        await holder.DisposeAsync();
        await TestWait.UntilAsync(
            async () =>
            {
                await other.SendAsync(Nick(name));
                return await other.Inbox.ExpectAsync<ServerFrame>(frame => GetId(frame) == FrameId.From(name)) is AckFrame;
            },
            "the name to be free");
    }

    [Test]
    public async Task Presence_shows_the_users_of_both_servers()
    {
        var room = await CreateRoomAsync();
        var (ann, _, _) = await JoinAsync(0, room);
        await using var _ = ann;
        var (bob, bobName, bobSession) = await EnterAsync(1, room);
        await ann.Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == "joined" && presence.Name == bobName);
        (await ann.RequestAsync<WhoFrame>(new ClientFrame { Type = ClientFrameType.Who, Room = room, Id = FrameId.From("w") })).Members.Should().HaveCount(2);
        var (eve, _, joined) = await JoinAsync(1, room);
        await using var e = eve;
        await TestWait.UntilAsync(
            async () => (await eve.RequestAsync<JoinedFrame>(Join(room))).MemberCount == 3, "the users of the other server");

        var newName = CreateName();
        await bob.RequestAsync<AckFrame>(Nick(newName));
        await ann.Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == "renamed" && presence.Name == newName && presence.Was == bobName);
        // Bob also connects to the first server. The other members get the frame "left" after both of his connections have ended.
        await using var second = await ChatClient.ConnectAsync(_cluster.Ports[0], $"/ws?session={bobSession}&room={room}");
        await second.Inbox.ExpectAsync<JoinedFrame>();
        await bob.DisposeAsync();
        await second.DisposeAsync();
        await ann.Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == "left" && presence.Name == newName);
    }

    [Test]
    public async Task Typing_and_read_marks_reach_the_other_server()
    {
        var room = await CreateRoomAsync();
        var (ann, session, _) = await JoinAsync(0, room);
        var (bob, bobName, _) = await EnterAsync(1, room);
        await using var a = ann;
        await using var b = bob;
        await bob.SendAsync(new ClientFrame { Type = ClientFrameType.Typing, Room = room });
        await ann.Inbox.ExpectAsync<TypingFrame>(typing => typing.Name == bobName);

        var ack = await bob.SayAsync("hello", room: room);
        await using var phone = await ChatClient.ConnectAsync(_cluster.Ports[1], $"/ws?session={session}&room={room}");
        await phone.Inbox.ExpectAsync<JoinedFrame>();
        await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Read, Room = room, Seq = ack.Seq, Id = FrameId.From("r") });
        (await phone.Inbox.ExpectAsync<ReadFrame>()).Should().Match<ReadFrame>(read => read.Seq == ack.Seq && read.Unread == 0);
    }

    [Test]
    public async Task Invitation_and_direct_message_reach_the_other_server()
    {
        var (owner, room) = await CreateRoomWithOwnerAsync(isPrivate: true);
        await using var _ = owner;
        var (bob, name, _) = await EnterAsync(1, "lobby");
        await using var b = bob;
        (await bob.RequestAsync<ErrorFrame>(Join(room))).Error.Code.Should().Be(ErrorCode.NoRoom);
        await owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Invite, Room = room, User = name, Id = FrameId.From("i") });
        (await bob.Inbox.ExpectAsync<InvitedFrame>()).Room.Should().Be(room);
        await bob.RequestAsync<JoinedFrame>(Join(room));
        // A kick ends the membership at the other server too.
        await owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Kick, Room = room, User = name, Id = FrameId.From("k") });
        await bob.Inbox.ExpectAsync<ModeratedFrame>();
        (await bob.RequestAsync<ErrorFrame>(Join(room))).Error.Code.Should().Be(ErrorCode.NoRoom);

        var direct = await owner.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Dm, To = name, Text = "psst", Id = FrameId.From("d") });
        await owner.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "psst");
        (await bob.RequestAsync<JoinedFrame>(Join(direct.Room))).Messages.DecodeMessages().Select(message => message.Text).Should().Equal("psst");
    }

    [Test]
    public async Task Room_that_is_closed_is_closed_at_the_other_server()
    {
        var (owner, room) = await CreateRoomWithOwnerAsync();
        await using var _ = owner;
        var (bob, _, _) = await EnterAsync(1, room);
        await using var b = bob;
        await owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Close, Room = room, Id = FrameId.From("c") });
        (await bob.Inbox.ExpectAsync<ModeratedFrame>()).Action.Should().Be("close");
        (await bob.RequestAsync<ErrorFrame>(Join(room))).Error.Code.Should().Be(ErrorCode.NoRoom);
        // A new room with the same name has its own log.
        (await bob.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = room, Id = FrameId.From("n") })).Seq.Should().Be(0);
        (await owner.RequestAsync<JoinedFrame>(Join(room))).Seq.Should().Be(0);
        (await bob.SayAsync("new", room: room)).Seq.Should().Be(1);
        await owner.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "new");
    }

    [Test]
    public async Task Client_that_polls_with_the_cursor_of_the_other_server_gets_a_new_connection()
    {
        var room = await CreateRoomAsync();
        using var http = new HttpClient();
        var (session, cursor) = await PollAsync(http, 0, $"/session", null, null);
        await SendAsync(http, 0, session, $$"""{"type":"join","room":"{{room}}","id":1}""");
        var polled = await http.SendAsync(CreateRequest(HttpMethod.Get, 0, "/poll?after=0", session));
        cursor = System.Text.Json.JsonDocument.Parse(await polled.Content.ReadAsStringAsync()).RootElement.GetProperty("next").GetInt64();
        cursor.Should().BePositive();

        var moved = await http.SendAsync(CreateRequest(HttpMethod.Get, 1, $"/poll?after={cursor}", session));
        var frames = System.Text.Json.JsonDocument.Parse(await moved.Content.ReadAsStringAsync()).RootElement.GetProperty("frames");
        frames[0].GetProperty("type").GetString().Should().Be("welcome", "the client sees that this is a new connection, and joins again");
        (await SendAsync(http, 1, session, $$"""{"type":"join","room":"{{room}}","after":0,"id":2}""")).Should().Contain("\"joined\"").And.Contain("\"recovered\":true");
    }

    private static ClientFrame Nick(string name) => new() { Type = ClientFrameType.Nick, Name = name, Id = FrameId.From(name) };

    private static string CreateName() => $"user{Interlocked.Increment(ref NameCount)}";

    private static async Task<MessageFrame[]> ReadHistoryAsync(ChatClient client, string room) =>
        (await client.RequestAsync<HistoryFrame>(new ClientFrame { Type = ClientFrameType.History, Room = room, Limit = 100, Id = FrameId.From($"h{Guid.NewGuid():n}") })).Messages.DecodeMessages();

    private HttpRequestMessage CreateRequest(HttpMethod method, int server, string address, string? session)
    {
        var request = new HttpRequestMessage(method, $"http://127.0.0.1:{_cluster.Ports[server]}{address}");
        if (session is not null)
            request.Headers.Add("Authorization", $"Bearer {session}");
        return request;
    }

    private async Task<(string Session, long Cursor)> PollAsync(HttpClient http, int server, string address, string? session, string? name)
    {
        using var request = CreateRequest(HttpMethod.Post, server, address, session);
        request.Content = new StringContent($$"""{"type":"hello","name":"{{name ?? CreateName()}}"}""", System.Text.Encoding.UTF8, "application/json");
        var welcome = System.Text.Json.JsonDocument.Parse(await (await http.SendAsync(request)).Content.ReadAsStringAsync()).RootElement;
        return (welcome.GetProperty("session").GetString()!, 0);
    }

    private async Task<string> SendAsync(HttpClient http, int server, string session, string frame)
    {
        using var request = CreateRequest(HttpMethod.Post, server, "/send", session);
        request.Content = new StringContent(frame, System.Text.Encoding.UTF8, "application/json");
        return await (await http.SendAsync(request)).Content.ReadAsStringAsync();
    }

    private async Task<string> CreateRoomAsync()
    {
        var (owner, room) = await CreateRoomWithOwnerAsync();
        await owner.DisposeAsync();
        return room;
    }

    private async Task<(ChatClient Owner, string Room)> CreateRoomWithOwnerAsync(bool isPrivate = false)
    {
        var room = $"room{Interlocked.Increment(ref NameCount)}";
        var owner = await ChatClient.ConnectAsync(_cluster.Ports[0], $"/ws?name={CreateName()}");
        await owner.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = room, Private = isPrivate, Id = FrameId.From("create") });
        return (owner, room);
    }

    private async Task<(ChatClient Client, string Session, JoinedFrame Joined)> JoinAsync(int server, string room)
    {
        var client = await ChatClient.ConnectAsync(_cluster.Ports[server], $"/ws?name={CreateName()}");
        var session = (await client.Inbox.ExpectAsync<WelcomeFrame>()).Session;
        return (client, session, await client.RequestAsync<JoinedFrame>(Join(room)));
    }

    private async Task<(ChatClient Client, string Name, string Session)> EnterAsync(int server, string room)
    {
        var name = CreateName();
        var client = await ChatClient.ConnectAsync(_cluster.Ports[server], $"/ws?name={name}");
        var session = (await client.Inbox.ExpectAsync<WelcomeFrame>()).Session;
        await client.RequestAsync<JoinedFrame>(Join(room));
        return (client, name, session);
    }
}
