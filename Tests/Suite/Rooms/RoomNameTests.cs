using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

/// <summary>Room names follow the rule for the names of users, and no two rooms have names that look the same.</summary>
public sealed class RoomNameTests
{
    [TestCase("lobby", "lobby")]
    [TestCase("Garden-2.0_x", "Garden-2.0_x")]
    [TestCase("7", "7")]
    [TestCase("ห้อง", "ห้อง")]
    [TestCase("हिन्दी", "हिन्दी")]
    [TestCase("cafe\u0301", "caf\u00E9")]
    [TestCase("ｌｏｂｂｙ", "lobby")]
    [TestCase("部屋", "部屋")]
    public void Valid_name_is_normalized(string name, string normalized) => RoomName.Accept(name, out _).Should().Be(normalized);

    [TestCase("")]
    [TestCase("l\u043Ebby", Description = "a Cyrillic letter")]
    [TestCase("lob\u200Bby")]
    [TestCase("-lobby")]
    [TestCase("a b")]
    [TestCase("a/b")]
    [TestCase("🎉")]
    public void Invalid_name_is_rejected_with_a_reason(string name)
    {
        RoomName.Accept(name, out var reason).Should().BeNull();
        reason.Should().NotBeEmpty();
    }

    [Test]
    public void Name_has_at_most_64_characters()
    {
        RoomName.IsValid(new string('a', 64)).Should().BeTrue();
        RoomName.IsValid(new string('a', 65)).Should().BeFalse();
    }

    [Test]
    public async Task Room_whose_name_looks_like_the_name_of_another_room_cannot_be_created([Values("full", "none")] string durability)
    {
        await using var server = await ServerUnderTest.StartAsync("--Data:Durability", durability);
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann");

        foreach (var name in (string[])["LOBBY", "1obby", "l0bby", "Iobby", "löbby"])
            (await ann.RequestAsync<ErrorFrame>(Create(name))).Error.Code.Should().Be(ErrorCode.RoomExists, name);
        (await ann.RequestAsync<ErrorFrame>(Create("l\u043Ebby"))).Error.Code.Should().Be(ErrorCode.BadField);
        await ann.RequestAsync<JoinedFrame>(Create("lobby-2"));
    }

    [Test]
    public async Task Room_is_found_by_equivalent_spellings_of_its_name()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann");

        (await ann.RequestAsync<JoinedFrame>(Create("cafe\u0301"))).Room.Should().Be("caf\u00E9");
        (await ann.RequestAsync<JoinedFrame>(Join("caf\u00E9"))).Room.Should().Be("caf\u00E9");
        (await ann.RequestAsync<JoinedFrame>(Join("CAFE\u0301"))).Room.Should().Be("caf\u00E9");
        (await ann.RequestAsync<JoinedFrame>(Create("ห้อง"))).Room.Should().Be("ห้อง");
    }

    [TestCase("den")]
    [TestCase("DEN")]
    [TestCase("d\u00E9n")]
    public async Task Name_of_a_private_room_gets_the_same_error_as_a_reserved_name(string asked)
    {
        await using var server = await ServerUnderTest.StartAsync("--Rooms:ReservedNames:0", "staff");
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann");
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");
        await ann.RequestAsync<JoinedFrame>(Create("den") with { Private = true });

        var ofPrivateRoom = (await bob.RequestAsync<ErrorFrame>(Create(asked))).Error;
        var ofReservedName = (await bob.RequestAsync<ErrorFrame>(Create("staff"))).Error;
        ofPrivateRoom.Should().Be(ofReservedName with { Text = ofReservedName.Text.Replace("staff", asked, StringComparison.Ordinal) });
        ofPrivateRoom.Code.Should().Be(ErrorCode.NotAllowed);
        (await ann.RequestAsync<ErrorFrame>(Create("den"))).Error.Code.Should().Be(ErrorCode.RoomExists, "the owner may know of the room");
    }

    [TestCase("staff")]
    [TestCase("st\u00E4ff")]
    [TestCase("STAFF")]
    public async Task Only_the_operator_can_create_a_room_with_a_reserved_name(string name)
    {
        await using var server = await ServerUnderTest.StartAsync("--Rooms:ReservedNames:0", "staff", "--Operator:Accounts:0", "boss");
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann");
        await using var boss = await ChatClient.ConnectAsync(server.HttpPort);
        await boss.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Register, Name = "boss", Password = "a long password", Id = FrameId.From("r") });

        (await ann.RequestAsync<ErrorFrame>(Create(name))).Error.Code.Should().Be(ErrorCode.NotAllowed);
        (await boss.RequestAsync<JoinedFrame>(Create(name))).Room.Should().Be(name);
        (await ann.RequestAsync<ErrorFrame>(Create(name))).Error.Code.Should().Be(ErrorCode.RoomExists, "everybody sees the room now");
    }

    private static ClientFrame Create(string room) => new() { Type = ClientFrameType.Create, Room = room, Id = FrameId.From($"{Guid.NewGuid():n}") };
}
