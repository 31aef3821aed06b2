using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// Finds an event by its author and client id: in memory while it is in the journal, else by a hash in the database. What
/// the hash finds is compared in full, so that two ids of one hash are still two.
/// </summary>
internal sealed class ClientIds(StorageState state, Database database) : IDisposable
{
    private readonly Statement _find = database.Prepare(
        "SELECT e.id, e.at, e.author, e.client_id FROM client_ids c JOIN events e ON e.id = c.event WHERE c.hash = ?");
    private readonly Statement _remove = database.Prepare("DELETE FROM client_ids WHERE hash = ? AND event = ?");

    /// <summary>The first event of that id, where it is still kept.</summary>
    public Appended? Find(string author, string clientId, long hash)
    {
        if (state.UnsettledIds.TryGetValue((author, clientId), out var recent) && recent.Seq >= recent.Room.First)
            return Duplicate(recent.Room, recent.Seq, recent.At);
        return FindSettled(author, clientId, hash);
    }

    public void Remove(string author, string clientId, long eventId) => _remove.Bind(1, HashOf(author, clientId)).Bind(2, eventId).Run();

    public void Dispose()
    {
        _find.Dispose();
        _remove.Dispose();
    }

    /// <summary>Where an id stands in the database. Nobody can choose it: ids that are added together lie anywhere.</summary>
    public static long HashOf(string author, string clientId)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{author}\n{clientId}"), digest);
        return BinaryPrimitives.ReadInt64LittleEndian(digest);
    }

    private Appended? FindSettled(string author, string clientId, long hash)
    {
        Appended? found = null;
        _find.Bind(1, hash);
        while (found is null && _find.Step())
        {
            if (_find.Text(2) != author || _find.TextOrNull(3) != clientId)
                continue;
            var (room, seq) = (state.RoomById(LoggedRoom.RoomOf(_find.Number(0))), LoggedRoom.SeqOf(_find.Number(0)));
            if (room is not null && seq >= room.First)
                found = Duplicate(room, seq, EventRow.TimeOf(_find.Number(1)));
        }

        _find.Reset();
        return found;
    }

    private static Appended Duplicate(LoggedRoom room, long seq, DateTimeOffset at) => new(null, IsDuplicate: true, room.Name, seq, at);
}
