using RawSocketChat.Tests.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Operator;

/// <summary><c>remove-room</c> removes one room and all data of the room, and no other data.</summary>
[Category(Categories.Slow)] // runs the operator commands on databases
public sealed class RemoveRoomTests
{
    [Test]
    public async Task Removed_room_leaves_no_data_and_the_other_rooms_keep_their_data()
    {
        using var storage = await CreateFilledStorageAsync();
        await storage.Catalog.SetMemberAsync("Garden", "u1", isMember: true, readSeq: 0, default);
        await storage.Catalog.SetMemberAsync("lobby", "u1", isMember: true, readSeq: 0, default);
        storage.Storage.Dispose();
        var before = (await RunAsync(storage.Folder, "export", "Garden")).Output.Split('\n')[1..];

        (await RunAsync(storage.Folder, "remove-room", "LOBBY")).ShouldSucceed().Output.Should().Be("Removed lobby and its 1501 events\n");
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().Be("No damage: 1 room, 50 events, 1 account\n");
        (await RunAsync(storage.Folder, "export", "Garden")).Output.Split('\n')[1..].Should().Equal(before);

        storage.Reopen();
        (await storage.Catalog.FindRoomAsync("lobby", default)).Should().BeNull();
        (await storage.Catalog.GetRoomsAsync("u1", default)).Should().Equal("Garden");

        // The ids of the removed messages may be used again.
        await storage.Log.OpenAsync("lobby", default);
        (await storage.Log.AppendAsync("lobby", [CreateMessage("text", "s1")], default)).Should().ContainSingle(result => !result.IsDuplicate && result.Seq == 1);
    }

    [Test]
    public async Task Command_fails_with_one_line_while_a_server_runs_or_if_there_is_no_such_room()
    {
        using var storage = await CreateFilledStorageAsync();
        (await RunAsync(storage.Folder, "remove-room", "lobby")).ShouldFail($"remove-room: another server uses the folder \"{storage.Folder}\"; stop it first");
        storage.Storage.Dispose();
        (await RunAsync(storage.Folder, "remove-room", "loby")).ShouldFail("remove-room: there is no room \"loby\"; did you mean \"lobby\"?");
        using var empty = new TemporaryFolder();
        (await RunAsync(empty.Path, "remove-room", "lobby")).ShouldFail("remove-room: there is no database in");
        Directory.GetFiles(empty.Path).Should().BeEmpty();
    }

    [Test]
    public async Task Interrupted_command_removes_nothing()
    {
        using var storage = await CreateFilledStorageAsync();
        storage.Storage.Dispose();
        (await RunInterruptedAsync(storage.Folder, "remove-room", "lobby")).ShouldFail("remove-room: interrupted", exitCode: 130);
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().Be("No damage: 2 rooms, 1551 events, 1 account\n");
    }
}
