using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Tests.Contracts;

/// <summary>What every catalog of rooms must keep.</summary>
public abstract class RoomCatalogContract
{
    private IRoomCatalog _catalog = null!;

    /// <summary>An empty catalog.</summary>
    protected abstract IRoomCatalog Open();

    [SetUp]
    public async Task OpenCatalogAsync()
    {
        _catalog = Open();
        await _catalog.TryCreateRoomAsync(new StoredRoom("Garden", "all that grows", "u1", IsPrivate: true), default);
        await _catalog.TryCreateRoomAsync(new StoredRoom("lobby", "", null, IsPrivate: false), default);
    }

    [Test]
    public async Task Rooms_are_as_they_were_made_and_of_one_name_there_is_one()
    {
        (await _catalog.TryCreateRoomAsync(new StoredRoom("GARDEN", "", "u2", IsPrivate: false), default)).Should().BeFalse();
        (await _catalog.LoadRoomsAsync(default)).Should().Equal(
            new StoredRoom("Garden", "all that grows", "u1", IsPrivate: true), new StoredRoom("lobby", "", null, IsPrivate: false));
    }

    [Test]
    public async Task A_user_belongs_to_the_rooms_joined_and_not_left()
    {
        await _catalog.SetMemberAsync("lobby", "u1", isMember: true, default);
        await _catalog.SetMemberAsync("garden", "u1", isMember: true, default);
        await _catalog.SetMemberAsync("lobby", "u1", isMember: true, default);
        await _catalog.SetMemberAsync("garden", "u2", isMember: true, default);
        (await _catalog.RoomsOfAsync("u1", default)).Should().Equal("lobby", "Garden");
        await _catalog.SetMemberAsync("LOBBY", "u1", isMember: false, default);
        await _catalog.SetMemberAsync("lobby", "u1", isMember: false, default);
        (await _catalog.RoomsOfAsync("u1", default)).Should().Equal("Garden");
        (await _catalog.RoomsOfAsync("u2", default)).Should().Equal("Garden");
        (await _catalog.RoomsOfAsync("u3", default)).Should().BeEmpty();
    }

    [Test]
    public async Task A_read_mark_never_goes_back_and_is_each_users_and_each_rooms_own()
    {
        (await _catalog.ReadMarkAsync("lobby", "u1", default)).Should().Be(0);
        (await _catalog.MarkReadAsync("lobby", "u1", 5, default)).Should().Be(5);
        (await _catalog.MarkReadAsync("Lobby", "u1", 3, default)).Should().Be(5);
        (await _catalog.ReadMarkAsync("lobby", "u1", default)).Should().Be(5);
        (await _catalog.ReadMarkAsync("garden", "u1", default)).Should().Be(0);
        (await _catalog.ReadMarkAsync("lobby", "u2", default)).Should().Be(0);
    }
}

public sealed class MemoryRoomCatalogTests : RoomCatalogContract
{
    protected override IRoomCatalog Open() => new MemoryRoomCatalog();
}
