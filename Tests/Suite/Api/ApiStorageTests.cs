using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Operator;
using RawSocketChat.Tests.Storage;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Api;

/// <summary>Messages of bots in exports and after an erasure.</summary>
public sealed class ApiStorageTests
{
    private static readonly NewEvent Alert = new(RoomEventKind.Message, "b17", "build-server", "disk is full", Reply: 1, ClientId: "s1") { IsBot = true };

    [Test]
    public async Task Export_and_import_keep_the_mark_of_a_bot()
    {
        using var source = await CreateStorageAsync();
        source.Storage.Dispose();
        var exported = (await RunAsync(source.Folder, "export", "lobby")).ShouldSucceed();
        exported.Lines[2].Should().Contain("""
            "from":{"user":"b17","name":"build-server","bot":true},"text":"disk is full"
            """.Trim());

        using var target = new TestStorage();
        target.Storage.Dispose();
        (await RunWithInputAsync(exported.Output, target.Folder, "import", "-")).ShouldSucceed();
        target.Reopen();
        var events = await target.Log.ReadAfterAsync("lobby", 0, 10, int.MaxValue, default);
        events.Select(found => found.Content.IsBot).Should().Equal(false, true);
        events[1].Content.Should().Be(Alert with { ClientId = null });
    }

    [Test]
    public async Task Erased_bot_leaves_messages_that_are_still_marked()
    {
        using var storage = await CreateStorageAsync();
        storage.Storage.Dispose();
        (await RunAsync(storage.Folder, "erase", "--user", "b17")).ShouldSucceed();
        (await RunAsync(storage.Folder, "check")).ShouldSucceed();
        storage.Reopen();
        var erased = (await storage.Log.ReadAfterAsync("lobby", 1, 1, int.MaxValue, default)).Single();
        erased.IsDeleted.Should().BeTrue();
        erased.Content.Should().Be(Alert with { AuthorName = ErasedUser.Name, Text = "", ClientId = null });
        (await storage.Log.ReadAfterAsync("lobby", 0, 1, int.MaxValue, default)).Single().Content.Text.Should().Be("hi");
    }

    private static async Task<TestStorage> CreateStorageAsync()
    {
        var storage = new TestStorage();
        await storage.Catalog.CreateRoomAsync(new StoredRoom("lobby", "", null, false), int.MaxValue, default);
        await storage.Log.OpenAsync("lobby", default);
        await storage.Log.AppendAsync("lobby", [CreateMessage("hi"), Alert], default);
        return storage;
    }
}
