using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Api.TokenSteps;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Api;

/// <summary>The request <c>tokens</c>.</summary>
public sealed class TokenRequestTests : ApiFixture
{
    [Test]
    public async Task Owner_manages_tokens_and_sees_a_secret_only_when_it_is_created()
    {
        await using var room = await CreateRoomAsync();
        var created = await room.Owner.CreateTokenAsync(room.Name, "alerts");
        created.Should().BeEquivalentTo(new { Do = "create", Room = room.Name, Name = "alerts" });
        created.Token.Should().HaveLength(64).And.NotBe(room.Token);
        created.Tokens.Select(token => token.Name).Should().Equal("alerts", TokenRoom.BotName);

        var listed = await room.Owner.RequestAsync<TokensFrame>(Tokens("list", room.Name));
        listed.Should().BeEquivalentTo(created with { Id = listed.Id, Do = "list", Name = null, Token = null });
        listed.Tokens[0].At.Should().BeCloseTo(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1));

        var revoked = await room.Owner.RequestAsync<TokensFrame>(Tokens("revoke", room.Name, "ALERTS"));
        revoked.Should().BeEquivalentTo(new { Do = "revoke", Name = "alerts", Token = (string?)null });
        revoked.Tokens.Select(token => token.Name).Should().Equal(TokenRoom.BotName);
        (await Http.PostAsync(room.Messages, """{"text":"x"}""", ("Authorization", $"Bearer {created.Token}"))).ShouldBe(401, ErrorCode.NotAllowed);
    }

    [Test]
    public async Task Moderators_can_manage_tokens_and_members_cannot()
    {
        await using var room = await CreateRoomAsync();
        var (bob, _) = await ChatClient.JoinAsync(Server.HttpPort, "", room.Name);
        await using var __ = bob;
        foreach (var what in (string[])["create", "list", "revoke"])
            (await bob.RequestAsync<ErrorFrame>(Tokens(what, room.Name, TokenRoom.BotName))).Error.Code.Should().Be(ErrorCode.NotAllowed, what);

        var name = bob.Inbox.All.OfType<WelcomeFrame>().First().Name;
        await room.Owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Role, Room = room.Name, User = name, Role = "moderator", Id = FrameId.From("role") });
        (await bob.CreateTokenAsync(room.Name, "alerts")).Token.Should().NotBeNull();
    }

    [Test]
    public async Task Token_of_a_banned_moderator_gets_the_error_banned_until_the_ban_ends()
    {
        await using var room = await CreateRoomAsync();
        var (bob, _) = await ChatClient.JoinAsync(Server.HttpPort, "", room.Name);
        await using var __ = bob;
        var name = bob.Inbox.All.OfType<WelcomeFrame>().First().Name;
        await room.Owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Role, Room = room.Name, User = name, Role = "moderator", Id = FrameId.From("role") });
        var header = ("Authorization", $"Bearer {(await bob.CreateTokenAsync(room.Name, "alerts")).Token}");

        await room.Owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Ban, Room = room.Name, User = name, Id = FrameId.From("ban") });
        (await Http.PostAsync(room.Messages, """{"text":"still here"}""", header)).ShouldBe(403, ErrorCode.Banned);
        (await Http.GetAsync(room.Messages, header)).ShouldBe(403, ErrorCode.Banned);
        (await Http.PostAsync(room.Messages, """{"text":"x"}""", ("Authorization", $"Bearer {room.Token}"))).Status.Should().Be(201, "the owner has created this token");

        await room.Owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Unban, Room = room.Name, User = name, Id = FrameId.From("unban") });
        (await Http.PostAsync(room.Messages, """{"text":"x"}""", header)).Status.Should().Be(201);
    }

    [Test]
    public async Task Request_from_outside_the_room_gets_an_error()
    {
        await using var room = await CreateRoomAsync(isPrivate: true);
        await using var eve = await ChatClient.ConnectAsync(Server.HttpPort, "/ws");
        (await eve.RequestAsync<ErrorFrame>(Tokens("list", room.Name))).Error.Code.Should().Be(ErrorCode.NoRoom, "eve does not see the private room");
        (await eve.RequestAsync<ErrorFrame>(Tokens("list", "lobby"))).Error.Code.Should().Be(ErrorCode.NotInRoom);
    }

    [TestCase("create", null, ErrorCode.MissingField, "/tokens create build-server")]
    [TestCase("revoke", null, ErrorCode.MissingField, "/tokens revoke build-server")]
    [TestCase("create", "no blanks", ErrorCode.BadName, "/tokens create build-server")]
    [TestCase("create", "admin", ErrorCode.BadName, "/tokens create build-server")]
    [TestCase("create", "BUILD-server", ErrorCode.NameTaken, "/tokens revoke BUILD-server")]
    [TestCase("revoke", "unknown", ErrorCode.NotFound, "/tokens list")]
    public async Task Error_has_a_command_as_hint(string what, string? name, string code, string hint)
    {
        await using var room = await CreateRoomAsync();
        await room.Owner.SendAsync($"/tokens {what} {name}");
        var error = (await room.Owner.Inbox.ExpectAsync<ErrorFrame>()).Error;
        (error.Code, error.Hint).Should().Be((code, hint));
    }

    [Test]
    public async Task Token_cannot_have_the_name_of_a_user()
    {
        await using var room = await CreateRoomAsync();
        await using var bob = await ChatClient.ConnectAsync(Server.HttpPort, "/ws?name=bartholomew");
        await bob.Inbox.ExpectAsync<WelcomeFrame>();
        (await room.Owner.RequestAsync<ErrorFrame>(Tokens("create", room.Name, "Bartholomew"))).Error.Code.Should().Be(ErrorCode.NameTaken);
    }

    [Test]
    public async Task TokensPerRoom_limits_the_tokens_of_a_room()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:TokensPerRoom", "2");
        await using var room = await TokenRoom.CreateAsync(server);
        (await room.Owner.CreateTokenAsync(room.Name, "second")).Tokens.Should().HaveCount(2);
        (await room.Owner.RequestAsync<ErrorFrame>(Tokens("create", room.Name, "third"))).Error.Code.Should().Be(ErrorCode.TooMany);
        await room.Owner.RequestAsync<TokensFrame>(Tokens("revoke", room.Name, "second"));
        (await room.Owner.CreateTokenAsync(room.Name, "third")).Tokens.Should().HaveCount(2);
    }

    [Test]
    public async Task Tokens_survive_a_restart_and_a_backup_and_are_removed_with_the_room()
    {
        using var folder = new TemporaryFolder();
        string[] settings = ["--Data:Path", folder.Path];
        string name, token;
        await using (var server = await ServerUnderTest.StartAsync(settings))
        {
            await using var room = await TokenRoom.CreateAsync(server);
            (await room.PostAsync("""{"text":"before","id":"b1"}""")).Status.Should().Be(201);
            (name, token) = (room.Name, room.Token);
        }

        var backup = Path.Combine(folder.Path, "backup.db");
        (await Operator.OperatorRunner.RunAsync(folder.Path, "backup", backup)).ShouldSucceed();
        using var restored = new TemporaryFolder();
        File.Move(backup, Path.Combine(restored.Path, "chat.db"));
        foreach (var path in (string[])[folder.Path, restored.Path])
        {
            await using var server = await ServerUnderTest.StartAsync("--Data:Path", path);
            using var program = new HttpTestClient(server.HttpPort, token);
            (await program.PostAsync($"/api/rooms/{name}/messages", """{"text":"before","id":"b1"}""")).Status.Should().Be(200, "the id was used before");
            (await program.PostAsync($"/api/rooms/{name}/messages", """{"text":"after","id":"b2"}""")).ReadFrame<AckFrame>().Seq.Should().Be(2);
        }

        (await Operator.OperatorRunner.RunAsync(folder.Path, "export", name)).ShouldSucceed().Output.Should().NotContain(token);
        (await Operator.OperatorRunner.RunAsync(folder.Path, "remove-room", name)).ShouldSucceed();
        await using var last = await ServerUnderTest.StartAsync(settings);
        await using var owner = await ChatClient.ConnectAsync(last.HttpPort, "/ws");
        await owner.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = name, Id = FrameId.From("again") });
        using var late = new HttpTestClient(last.HttpPort, token);
        (await late.PostAsync($"/api/rooms/{name}/messages", """{"text":"late"}""")).ShouldBe(401, ErrorCode.NotAllowed);
        (await owner.RequestAsync<TokensFrame>(Tokens("list", name))).Tokens.Should().BeEmpty();
    }

    [Test]
    public async Task Text_format_shows_a_command_that_can_be_copied()
    {
        await using var room = await CreateRoomAsync();
        var created = await room.Owner.CreateTokenAsync(room.Name, "alerts");
        var lines = TextFormat.Format(created).Split('\n');
        lines[0].Should().Be($"-!- created the token alerts for #{room.Name}; the server shows it only now:");
        lines[1].Should().Be($"    {created.Token}");
        var command = lines.Single(line => line.StartsWith("    curl ", StringComparison.Ordinal)).Replace("localhost:5080", $"127.0.0.1:{Server.HttpPort}", StringComparison.Ordinal);
        (await Shell.RunAsync($"{command.Trim()} -s")).Should().Contain("\"type\":\"ack\"");
        (await room.Owner.Inbox.ExpectAsync<MessageFrame>()).Should().BeEquivalentTo(new { Text = "disk is full", From = new { Name = "alerts", Bot = true } });
    }
}
