using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

/// <summary>Rooms that exist but are not open, because nobody has used them since the server started.</summary>
public sealed class RoomDirectoryTests
{
    private TemporaryFolder _data = null!;
    private ServerUnderTest _server = null!;
    private string _annsSession = "";

    /// <summary>Creates the rooms <c>garden</c> and <c>den</c>, which is private, and starts the server again.</summary>
    [SetUp]
    public async Task StartWithStoredRoomsAsync()
    {
        _data = new TemporaryFolder();
        await using (var before = await ServerUnderTest.StartAsync("--Data:Path", _data.Path))
        {
            var (ann, _) = await ChatClient.JoinAsync(before.HttpPort, "ann");
            _annsSession = ann.Inbox.All.OfType<WelcomeFrame>().Single().Session;
            await ann.RequestAsync<JoinedFrame>(Create("den", isPrivate: true));
            await ann.RequestAsync<JoinedFrame>(Create("Garden"));
            await ann.SayAsync("first", room: "Garden");
            await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Topic, Room = "Garden", Text = "all that grows", Id = FrameId.From("t") });
            await ann.DisposeAsync();
        }

        _server = await ServerUnderTest.StartAsync("--Data:Path", _data.Path);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _server.DisposeAsync();
        _data.Dispose();
    }

    [Test]
    public async Task First_join_after_a_restart_opens_the_room()
    {
        GetOpenRooms().Should().Equal("lobby");
        var (bob, joined) = await ChatClient.JoinAsync(_server.HttpPort, "bob", "garden");
        joined.Should().Match<JoinedFrame>(frame => frame.Room == "Garden" && frame.Topic == "all that grows" && frame.Seq == 2 && frame.Messages.Count == 2);
        (await bob.SayAsync("third", room: "garden")).Seq.Should().Be(3);
        GetOpenRooms().Should().BeEquivalentTo("lobby", "Garden");
        await bob.DisposeAsync();
    }

    [Test]
    public async Task Requests_that_need_no_join_open_the_room()
    {
        await using var bob = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=bob");
        (await bob.RequestAsync<HistoryFrame>(new ClientFrame { Type = ClientFrameType.History, Room = "garden", Id = FrameId.From(1) })).Messages.Should().HaveCount(2);
        (await bob.RequestAsync<WhoFrame>(new ClientFrame { Type = ClientFrameType.Who, Room = "garden", Id = FrameId.From(2) })).MemberCount.Should().Be(0);
        (await bob.RequestAsync<ErrorFrame>(Say("hi", id: "3", room: "garden"))).Error.Code.Should().Be(ErrorCode.NotInRoom);
    }

    [Test]
    public async Task Concurrent_first_users_of_a_room_get_the_same_open_room()
    {
        var directory = _server.Services.GetRequiredService<RoomDirectory>();
        var found = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => directory.FindAsync(i % 2 == 0 ? "garden" : "GARDEN").AsTask())));
        found.Distinct().Should().ContainSingle().Which!.Name.Should().Be("Garden");
        (await directory.FindAsync("nowhere")).Should().BeNull();
    }

    [Test]
    public async Task Concurrent_creators_and_users_of_a_room_get_the_same_open_room()
    {
        var directory = _server.Services.GetRequiredService<RoomDirectory>();
        var created = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(async () =>
            i % 2 == 0 ? (await directory.TryCreateAsync("new", "", "u1", isPrivate: false)).Room : await directory.FindAsync("new"))));
        created.Where((room, i) => i % 2 == 0 && room is not null).Should().ContainSingle();
        created.OfType<RoomLoop>().Distinct().Should().ContainSingle();
        directory.Count.Should().Be(4);
    }

    [Test]
    public async Task List_includes_rooms_that_are_not_open_and_shows_private_rooms_only_to_members()
    {
        await using var bob = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=bob");
        (await ListAsync(bob)).Should().Equal(new RoomInfo("Garden", "all that grows", 0), new RoomInfo("lobby", "Say hello", 0));
        (await ListAsync(bob, "GARD")).Should().Equal(new RoomInfo("Garden", "all that grows", 0));
        (await ListAsync(bob, "den")).Should().Equal(new RoomInfo("Garden", "all that grows", 0));
        (await ListAsync(bob, new string('x', 60_000))).Should().BeEmpty();

        await bob.RequestAsync<JoinedFrame>(Join("lobby"));
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?session={_annsSession}");
        (await ListAsync(ann)).Select(room => (room.Room, room.MemberCount)).Should().Equal(("lobby", 1), ("den", 0), ("Garden", 0));
        GetOpenRooms().Should().Equal("lobby");
    }

    [Test]
    public async Task Hint_names_a_room_that_is_not_open_and_names_private_rooms_only_to_members()
    {
        await using var bob = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=bob");
        (await GetHintAsync(bob, "gradn")).Should().Contain("\"join\"").And.Contain("\"Garden\"");
        (await GetHintAsync(bob, "dem")).Should().Contain("\"create\"");
        (await GetHintAsync(bob, "den")).Should().Contain("\"create\"");

        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?session={_annsSession}");
        (await GetHintAsync(ann, "dem")).Should().Contain("\"join\"").And.Contain("\"den\"");
    }

    [Test]
    public async Task Private_room_is_listed_for_its_owner_but_not_for_a_former_owner_who_left()
    {
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?session={_annsSession}");
        await using var bob = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=bob");
        await bob.Inbox.ExpectAsync<WelcomeFrame>();
        await ann.RequestAsync<JoinedFrame>(Join("den"));
        await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Invite, User = "bob", Room = "den", Id = FrameId.From("i") });
        await bob.RequestAsync<JoinedFrame>(Join("den"));
        await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Role, User = "bob", Role = "owner", Room = "den", Id = FrameId.From("r") });
        await bob.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Role, User = "ann", Role = "member", Room = "den", Id = FrameId.From("r") });
        await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Leave, Room = "den", Id = FrameId.From("l") });
        await bob.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Leave, Room = "den", Id = FrameId.From("l") });

        foreach (var isOpen in (bool[])[true, false])
        {
            if (!isOpen)
                await _server.Services.GetRequiredService<RoomDirectory>().UnloadUnusedAsync(TimeSpan.Zero);
            GetOpenRooms().Contains("den").Should().Be(isOpen);
            (await ListAsync(ann, "den")).Select(room => room.Room).Should().Equal("Garden");
            (await ListAsync(bob, "den")).Select(room => room.Room).Should().Equal("den", "Garden");
        }
    }

    [Test]
    public async Task Limits_count_rooms_that_are_not_open()
    {
        _server.Services.GetRequiredService<RoomDirectory>().Count.Should().Be(3);
        await RestartAsync("--Limits:Rooms", "4", "--Limits:RoomsPerUser", "2");
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?session={_annsSession}");
        (await ann.RequestAsync<ErrorFrame>(Create("third"))).Error.Should().Match<ChatError>(error => error.Code == ErrorCode.TooMany && error.Text.Contains("you have created 2"));
        await using var bob = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=bob");
        (await bob.RequestAsync<ErrorFrame>(Create("garden"))).Error.Code.Should().Be(ErrorCode.RoomExists);
        await bob.RequestAsync<JoinedFrame>(Create("third"));
        (await bob.RequestAsync<ErrorFrame>(Create("fourth"))).Error.Should().Match<ChatError>(error => error.Code == ErrorCode.TooMany && error.Text.Contains("maximum number of rooms"));
    }

    private async Task RestartAsync(params string[] settings)
    {
        await _server.DisposeAsync();
        _server = await ServerUnderTest.StartAsync(["--Data:Path", _data.Path, .. settings]);
    }

    private IEnumerable<string> GetOpenRooms() => _server.Services.GetRequiredService<RoomDirectory>().Open.Select(room => room.Name);

    private static async Task<IReadOnlyList<RoomInfo>> ListAsync(ChatClient client, string? match = null) =>
        (await client.RequestAsync<RoomsFrame>(new ClientFrame { Type = ClientFrameType.Rooms, Match = match, Id = FrameId.From($"{Guid.NewGuid():n}") })).Rooms;

    private static async Task<string?> GetHintAsync(ChatClient client, string room) => (await client.RequestAsync<ErrorFrame>(Join(room))).Error.Hint;

    private static ClientFrame Create(string room, bool isPrivate = false) =>
        new() { Type = ClientFrameType.Create, Room = room, Private = isPrivate, Id = FrameId.From($"create {room}") };
}
