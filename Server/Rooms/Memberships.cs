using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Which rooms a user belongs to: joined and not left, whether connected or not. Known with the user while connected, and
/// stored behind: nobody waits for it, since nothing is acknowledged by it. Safe from any thread.
/// </summary>
public sealed class Memberships(IRoomCatalog catalog, ILogger<Memberships> logger)
{
    // More than anybody goes back to; whoever goes through all rooms is not told of all of them in each welcome.
    private const int MostRooms = 500;

    /// <summary>For a user who is new and belongs to no room yet.</summary>
    public static void Begin(User user)
    {
        lock (user)
            user.Rooms ??= [];
    }

    /// <summary>Looks them up for a user who was away. Where that fails they stay unknown: of private rooms the user then sees those that they made.</summary>
    public async ValueTask FindAsync(User user)
    {
        lock (user)
        {
            if (user.Rooms is not null)
                return;
        }

        try
        {
            var stored = await catalog.RoomsOfAsync(user.Id, CancellationToken.None);
            lock (user)
                user.Rooms ??= stored;
        }
        catch (StorageException fault)
        {
            Log.MembershipsNotRead(logger, fault);
        }
    }

    public bool Has(User user, string room)
    {
        lock (user)
            return user.Rooms?.Contains(room, StringComparer.OrdinalIgnoreCase) == true;
    }

    public void Add(User user, string room)
    {
        lock (user)
        {
            if (Has(user, room) || user.Rooms?.Count >= MostRooms)
                return;
            if (user.Rooms is not null)
                user.Rooms = [.. user.Rooms, room];
            _ = StoreAsync(room, user, isMember: true);
        }
    }

    public void Remove(User user, string room)
    {
        lock (user)
        {
            if (user.Rooms is not null)
                user.Rooms = [.. user.Rooms.Where(known => !known.Equals(room, StringComparison.OrdinalIgnoreCase))];
            _ = StoreAsync(room, user, isMember: false);
        }
    }

    private async Task StoreAsync(string room, User user, bool isMember)
    {
        try
        {
            await catalog.SetMemberAsync(room, user.Id, isMember, CancellationToken.None);
        }
        catch (StorageException fault)
        {
            Log.MembershipNotStored(logger, fault, room);
        }
    }
}
