using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Operator;

/// <summary><c>remove-account</c> removes accounts and frees their names. Messages, other accounts and guests do not change.</summary>
[Category(Categories.Slow)] // runs the operator commands on databases
public sealed class RemoveAccountTests
{
    private const string Password = "correct horse battery";

    [Test]
    public async Task Removed_account_cannot_log_in_and_its_name_is_free_and_its_messages_stay()
    {
        using var folder = new TemporaryFolder();
        string session;
        await using (var server = await ServerUnderTest.StartAsync("--Data:Path", folder.Path))
        {
            await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?room=lobby");
            await ann.SendAsync($$"""{"type":"register","name":"ann","password":"{{Password}}"}""");
            session = (await ann.Inbox.ExpectAsync<WelcomeFrame>(welcome => !welcome.Guest)).Session;
            await ann.SayAsync("I was here");
        }

        (await RunAsync(folder.Path, "remove-account", "ANN")).ShouldSucceed().Output.Should().Be("Removed the account ann and its 1 session\n");
        (await RunAsync(folder.Path, "check")).ShouldSucceed().Output.Should().Be("No damage: 1 room, 1 event, 0 accounts\n");

        await using var next = await ServerUnderTest.StartAsync("--Data:Path", folder.Path);
        await using var mallory = await ChatClient.ConnectAsync(next.HttpPort, $"/ws?session={session}");
        (await mallory.Inbox.ExpectAsync<WelcomeFrame>()).Guest.Should().BeTrue("the session of the account has ended");
        await mallory.SendAsync($$"""{"type":"login","name":"ann","password":"{{Password}}","id":1}""");
        (await mallory.Inbox.ExpectAsync<ErrorFrame>(error => error.Id == FrameId.From(1))).Error.Code.Should().Be(ErrorCode.BadPassword);

        await using var other = await ChatClient.ConnectAsync(next.HttpPort);
        await other.SendAsync("""{"type":"register","name":"Ann","password":"another horse battery"}""");
        (await other.Inbox.ExpectAsync<WelcomeFrame>(welcome => !welcome.Guest)).Name.Should().Be("Ann");
        await other.SendAsync("""{"type":"join","room":"lobby"}""");
        var joined = await other.Inbox.ExpectAsync<JoinedFrame>();
        var message = joined.Messages.DecodeMessages().Should().ContainSingle().Subject;
        (message.Text, message.From.Name).Should().Be(("I was here", "ann"));
    }

    [Test]
    public async Task Other_accounts_and_guests_and_rooms_keep_their_data()
    {
        using var storage = await CreateFilledStorageAsync();
        await storage.Identities.TryAddAccountAsync(new StoredAccount("u2", "Bob", "hash", DateTimeOffset.UnixEpoch), ["bob"], default);
        await storage.Identities.TryAddAccountAsync(new StoredAccount("u3", "Änne", "hash", DateTimeOffset.UnixEpoch), ["anne"], default);
        await storage.Identities.SaveSessionAsync(new StoredSession("t2", "u2", "Bob", IsGuest: false, DateTimeOffset.UnixEpoch), default);
        await storage.Identities.SaveSessionAsync(new StoredSession("t4", "u4", "guest", IsGuest: true, DateTimeOffset.UnixEpoch), default);
        await storage.Catalog.SetMemberAsync("lobby", "u1", isMember: true, readSeq: 0, default);
        await storage.Catalog.SetMemberAsync("lobby", "u2", isMember: true, readSeq: 0, default);
        storage.Storage.Dispose();

        (await RunAsync(storage.Folder, "remove-account", "ann", "ÄNNE", "Ann")).ShouldSucceed().Lines.Should().Equal(
            "Removed the account ann and its 0 sessions", "Removed the account Änne and its 0 sessions");
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().Be("No damage: 2 rooms, 1551 events, 1 account\n");

        storage.Reopen();
        (await storage.Identities.FindNameOwnersAsync(["ann", "anne", "bob"], default)).Should().Equal(new Dictionary<string, string> { ["bob"] = "u2" });
        (await storage.Identities.FindSessionAsync("t2", default)).Should().NotBeNull();
        (await storage.Identities.FindSessionAsync("t4", default)).Should().NotBeNull();
        (await storage.Catalog.GetRoomsAsync("u1", default)).Should().BeEmpty();
        (await storage.Catalog.GetRoomsAsync("u2", default)).Should().Equal("lobby");
        (await storage.Catalog.FindRoomAsync("Garden", default))!.Owner.Should().Be("u1", "the room stays, and nobody else becomes its owner");
    }

    [Test]
    public async Task Command_fails_with_one_line_and_removes_nothing_if_one_of_the_names_has_no_account()
    {
        using var storage = await CreateFilledStorageAsync();
        await storage.Identities.SaveSessionAsync(new StoredSession("t4", "u4", "carol", IsGuest: true, DateTimeOffset.UnixEpoch), default);
        (await RunAsync(storage.Folder, "remove-account", "ann")).ShouldFail($"remove-account: another server uses the folder \"{storage.Folder}\"; stop it first");
        storage.Storage.Dispose();
        (await RunAsync(storage.Folder, "remove-account")).ShouldFail("remove-account: ");
        (await RunAsync(storage.Folder, "remove-account", "ann", "carol")).ShouldFail("remove-account: there is no account \"carol\"");
        (await RunAsync(storage.Folder, "remove-account", "anm")).ShouldFail("remove-account: there is no account \"anm\"; did you mean \"ann\"?");
        (await RunInterruptedAsync(storage.Folder, "remove-account", "ann")).ShouldFail("remove-account: interrupted", exitCode: 130);
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().Be("No damage: 2 rooms, 1551 events, 1 account\n");
    }
}
