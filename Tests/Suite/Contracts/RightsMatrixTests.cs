using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Sessions;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Contracts;

/// <summary>
/// Tests the answer to each request of each kind of user, over each kind of transport. The expected answers are in Protocol/README.md. Each
/// answer is tested with a new user in a new room, so no request changes the answer to another request.
/// </summary>
[TestFixture(WebSocket)]
[TestFixture(Send)]
[TestFixture(RawTcp)]
[Category(Categories.Slow)] // creates more than a thousand users and rooms
[Parallelizable(ParallelScope.Self)]
public sealed class RightsMatrixTests(string transport)
{
    private const string WebSocket = "WebSocket";
    private const string Send = "POST send";
    private const string RawTcp = "raw TCP";

    private const string Password = "correct horse battery";

    // The number of operator accounts, which is more than the tests of one fixture need.
    private const int Operators = 200;

    private static readonly FrameId Id = FrameId.From("q");

    private ServerUnderTest _server = null!;
    private SessionClient _sessions = null!;
    private int _count;
    private int _operators;

    // The targets of the tested requests. They are also in the lobby, so that a kick does not close their connections.
    private ChatClient _owner = null!;
    private ChatClient _moderator = null!;
    private ChatClient _member = null!;
    private ChatClient _stranger = null!;

    private static IEnumerable<RightsRow> Rows => RightsTable.Rows;

    [OneTimeSetUp]
    public async Task StartServer()
    {
        _server = await ServerUnderTest.StartAsync(
            services => services.AddSingleton<IPasswordHasher<StoredAccount>>(new CountingHasher()),
            ["--Limits:Enabled", "false", "--Data:Durability", "none", .. Enumerable.Range(1, Operators).SelectMany(number => (string[])[$"--Operator:Accounts:{number}", $"operator{number}"])]);
        _sessions = new SessionClient($"http://127.0.0.1:{_server.HttpPort}");
        await RegisterAsync("account");
        (_owner, _) = await ChatClient.JoinAsync(_server.HttpPort, "the-owner");
        (_moderator, _) = await ChatClient.JoinAsync(_server.HttpPort, "the-moderator");
        (_member, _) = await ChatClient.JoinAsync(_server.HttpPort, "the-member");
        (_stranger, _) = await ChatClient.JoinAsync(_server.HttpPort, "the-stranger");
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        foreach (var client in (ChatClient[])[_owner, _moderator, _member, _stranger])
            await client.DisposeAsync();
        _sessions.Dispose();
        await _server.DisposeAsync();
    }

    [TestCaseSource(nameof(Rows))]
    public async Task Answer_equals_the_answer_in_the_table(RightsRow row)
    {
        var mismatches = new List<string>();
        foreach (var (column, expected) in row.Answers)
            await TestAsync(row, column, isPrivate: false, expected, mismatches);
        mismatches.Should().BeEmpty();
    }

    [Test]
    public async Task Server_answers_users_outside_a_private_room_as_if_the_room_did_not_exist()
    {
        var mismatches = new List<string>();
        foreach (var row in Rows.Where(row => row.Type != ClientFrameType.Create && RefersToRoom(row)))
        {
            foreach (var column in (string[])["banned", "outsider"])
                await TestAsync(row, column, isPrivate: true, ErrorCode.NoRoom, mismatches);
        }

        mismatches.Should().BeEmpty();
    }

    private async Task TestAsync(RightsRow row, string column, bool isPrivate, string expected, List<string> mismatches)
    {
        var (name, peer) = await ConnectAsync(column);
        await using var _ = peer;
        var (room, seqs) = await PrepareRoomAsync(column, name, peer, isPrivate);
        var request = CreateRequest(row, name, room, seqs);
        await peer.SendAsync(row.Target == "with a file" ? request with { Files = [await AddFileAsync(peer)] } : request);
        var answer = await peer.Inbox.ExpectAsync<ServerFrame>(frame => GetId(frame) == Id);
        var json = JsonNode.Parse(ChatCodec.Encode(answer))!;
        var got = (string)(json["code"] ?? json["type"])!;
        if (got != expected)
            mismatches.Add($"{row} by {column} over {transport}{(isPrivate ? " in a private room" : "")}: expected {expected}, got {got}: {json["text"]}");
    }

    private static bool RefersToRoom(RightsRow row) => CreateRequest(row, "x", "room", (1, 1)).Room == "room";

    private static ClientFrame CreateRequest(RightsRow row, string name, string room, (long Own, long Others) seqs)
    {
        var frame = new ClientFrame { Type = row.Type, Id = Id };
        var inRoom = frame with { Room = room };
        return (row.Type, row.Target) switch
        {
            (ClientFrameType.Hello or ClientFrameType.Whoami or ClientFrameType.Logout or ClientFrameType.Help or ClientFrameType.Ping or ClientFrameType.Rooms, "") => frame,
            (ClientFrameType.Nick, "") => frame with { Name = $"{name}-renamed" },
            (ClientFrameType.Register, "") => frame with { Name = $"{name}-registered", Password = Password },
            (ClientFrameType.Login, "") => frame with { Name = "account", Password = Password },
            (ClientFrameType.Password, "") => frame with { Old = Password, New = "a new password" },
            (ClientFrameType.Create, "") => frame with { Room = $"{name}-room" },
            (ClientFrameType.Dm, "") => frame with { To = "the-stranger" },
            (ClientFrameType.Join or ClientFrameType.Leave or ClientFrameType.Who or ClientFrameType.History or ClientFrameType.Typing or ClientFrameType.Close, "") => inRoom,
            (ClientFrameType.Topic, "without a text") => inRoom,
            (ClientFrameType.Topic, "with a text") or (ClientFrameType.Say, "" or "with a file") => inRoom with { Text = "a text" },
            (ClientFrameType.Read, "") => inRoom with { Seq = seqs.Others },
            (ClientFrameType.Notify, "") => inRoom with { Level = "none" },
            (ClientFrameType.Invite, "") => inRoom with { User = "the-stranger" },
            (ClientFrameType.React, "") => inRoom with { Seq = seqs.Others, Emoji = "👍" },
            (ClientFrameType.Edit or ClientFrameType.Delete, "of an own message") => inRoom with { Seq = seqs.Own, Text = "another text" },
            (ClientFrameType.Edit or ClientFrameType.Delete, "of another user's message") => inRoom with { Seq = seqs.Others, Text = "another text" },
            (ClientFrameType.Slow, "") => inRoom with { Seconds = 10 },
            (ClientFrameType.Role, "of a member") => inRoom with { User = "the-member", Role = "moderator" },
            (ClientFrameType.Kick or ClientFrameType.Ban or ClientFrameType.Unban or ClientFrameType.Mute or ClientFrameType.Unmute, "of a member" or "of a moderator" or "of an owner") =>
                inRoom with { User = $"the-{row.Target.Split(' ')[^1]}" },
            (ClientFrameType.Search, "of the room") => inRoom with { Query = "a text" },
            (ClientFrameType.Webhook, "") => inRoom with { Do = "show" },
            (ClientFrameType.Tokens, "") => inRoom with { Do = "list" },
            _ => throw new AssertionException($"no test knows the row \"{row}\""),
        };
    }

    // Adds a file that the user has uploaded.
    private async Task<string> AddFileAsync(IChatPeer peer)
    {
        var user = (await peer.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Whoami, Id = NewId() })).User;
        var file = new StoredFile($"{Guid.NewGuid():n}", new string('a', 64), "cat.png", "image/png", 7, user, DateTimeOffset.UtcNow);
        await _server.Services.GetRequiredService<IFileStore>().AddAsync(file, new FileQuota(1, 100), default);
        return file.Id;
    }

    // Creates a room with an owner, a moderator, a member, and the tested user. Returns the seqs of a message of the tested user and of a
    // message of the room's owner.
    private async Task<(string Room, (long Own, long Others) Seqs)> PrepareRoomAsync(string column, string name, IChatPeer peer, bool isPrivate)
    {
        var room = $"room-{++_count}";
        await _owner.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = room, Private = isPrivate, Id = NewId() });
        if (isPrivate)
        {
            foreach (var invited in column == "banned" ? [name, "the-moderator", "the-member"] : (string[])["the-moderator", "the-member"])
                await ActAsync(ClientFrameType.Invite, room, invited);
        }

        foreach (var member in (ChatClient[])[_moderator, _member])
            await member.RequestAsync<JoinedFrame>(Join(room));
        await ActAsync(ClientFrameType.Role, room, "the-moderator", role: "moderator");
        var others = (await _owner.SayAsync("a text", room: room)).Seq!.Value;
        if (isPrivate && column != "banned")
            return (room, (others, others));

        await peer.RequestAsync<JoinedFrame>(Join(room));
        var own = (await peer.RequestAsync<AckFrame>(Say("a text", "own", room))).Seq!.Value;
        await (column switch
        {
            "owner" or "moderator" => ActAsync(ClientFrameType.Role, room, name, column),
            "muted" => ActAsync(ClientFrameType.Mute, room, name),
            "banned" => BanAsync(room, name),
            "outsider" => peer.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Leave, Room = room, Id = NewId() }),
            _ => Task.CompletedTask,
        });
        return (room, (own, others));
    }

    // The room removes the user after the ack, but before it answers the next request.
    private async Task BanAsync(string room, string user)
    {
        await ActAsync(ClientFrameType.Ban, room, user);
        await _owner.RequestAsync<WhoFrame>(new ClientFrame { Type = ClientFrameType.Who, Room = room, Id = NewId() });
    }

    private async Task ActAsync(ClientFrameType type, string room, string user, string? role = null) =>
        await _owner.RequestAsync<AckFrame>(new ClientFrame { Type = type, Room = room, User = user, Role = role, Id = NewId() });

    // Connects a new user, who joins the lobby.
    private async Task<(string Name, IChatPeer Peer)> ConnectAsync(string column)
    {
        var name = column == "operator" ? $"operator{++_operators}" : $"{column}{++_count}";
        var token = column == "guest" ? null : await RegisterAsync(name);
        var wanted = column == "guest" ? name : null;
        IChatPeer peer;
        switch (transport)
        {
            case WebSocket:
                peer = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?name={wanted}&session={token}");
                break;
            case Send:
                peer = await HttpChatPeer.ConnectAsync(_server.HttpPort, HttpTransport.Poll, wanted, token, read: false);
                break;
            default:
                peer = await LineClient.ConnectAsync(_server.RawPort);
                await peer.SendAsync(new ClientFrame { Type = ClientFrameType.Hello, Name = wanted, Session = token });
                break;
        }

        await peer.RequestAsync<JoinedFrame>(Join("lobby"));
        return (name, peer);
    }

    private async Task<string> RegisterAsync(string name)
    {
        var answer = await _sessions.PostAsync($$"""{"type":"register","name":"{{name}}","password":"{{Password}}"}""");
        return answer.Frame.Should().BeOfType<WelcomeFrame>().Which.Session;
    }

    private static FrameId NewId() => FrameId.From($"{Guid.NewGuid():n}");
}
