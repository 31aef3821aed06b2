using System.Data.Common;
using System.Security.Cryptography;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>The rooms, members and read marks in a SQL database.</summary>
public sealed class SqlRoomCatalog(SqlStorage storage) : IRoomCatalog
{
    // The rooms that a user may see.
    private const string Visible = """
        (is_private = 0 OR owner = @user OR id IN (SELECT m.room FROM members m WHERE m.user = @user AND m.joined_at IS NOT NULL))
        """;

    // A room that lost its events to retention has a greater first seq.
    private const string IsEmpty = "created_at < @Before AND first_seq = 1 AND NOT EXISTS (SELECT 1 FROM events e WHERE e.room = rooms.id)";

    public ValueTask<int> CountRoomsAsync(CancellationToken cancellationToken) =>
        storage.ReadAsync("the rooms", reader => reader.Connection.ExecuteScalar<int>("SELECT COUNT(*) FROM rooms"), cancellationToken);

    public ValueTask<StoredRoom?> FindRoomAsync(string name, CancellationToken cancellationToken) => storage.ReadAsync(
        "the rooms", reader => FindRoom(reader.Connection, name), cancellationToken);

    public ValueTask<IReadOnlyList<StoredRoom>> ListRoomsAsync(string user, string match, int max, CancellationToken cancellationToken)
    {
        var pattern = $"%{RoomCache.GetKey(match).Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal)}%";
        return storage.ReadAsync<IReadOnlyList<StoredRoom>>(
            "the rooms",
            reader => [.. Query(reader.Connection, $"WHERE name_key LIKE @pattern ESCAPE '!' AND {Visible} ORDER BY name_key LIMIT @max", new { user, pattern, max })],
            cancellationToken);
    }

    public ValueTask<IReadOnlyList<StoredRoom>> ListNeighborsAsync(string user, string name, int max, CancellationToken cancellationToken)
    {
        var values = new { user, Key = RoomCache.GetKey(name), max };
        return storage.ReadAsync<IReadOnlyList<StoredRoom>>(
            "the rooms",
            reader =>
            [
                .. Query(reader.Connection, $"WHERE name_key < @Key AND {Visible} ORDER BY name_key DESC LIMIT @max", values).Reverse(),
                .. Query(reader.Connection, $"WHERE name_key >= @Key AND {Visible} ORDER BY name_key LIMIT @max", values),
            ],
            cancellationToken);
    }

    public ValueTask<RoomCreation> CreateRoomAsync(StoredRoom room, int maxOfOwner, CancellationToken cancellationToken) => storage.WriteAsync(
        writer =>
            IsLimitReached(writer.Connection, room.Owner, maxOfOwner) ? RoomCreation.TooManyRoomsOfOwner
            : AddRoom(writer.Connection, room, CreateEpoch(), firstSeq: 1, storage.Time.GetUtcNow()) is null ? RoomCreation.NameTaken
            : RoomCreation.Created,
        cancellationToken);

    public ValueTask<IReadOnlyList<string>> ListEmptyRoomsAsync(DateTimeOffset createdBefore, string after, int max, CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyList<string>>("the rooms", reader => reader.Connection.Query<string>(
            $"SELECT name FROM rooms WHERE name_key > @Key AND {IsEmpty} ORDER BY name_key LIMIT @max",
            new { Key = RoomCache.GetKey(after), Before = createdBefore.ToUnixTimeMilliseconds(), max }).AsList(), cancellationToken);

    public ValueTask<bool> RemoveEmptyRoomAsync(string name, DateTimeOffset createdBefore, CancellationToken cancellationToken)
    {
        var values = new { Key = RoomCache.GetKey(name), Before = createdBefore.ToUnixTimeMilliseconds() };
        return storage.WriteAsync(
            writer => writer.Connection.Execute($"DELETE FROM rooms WHERE name_key = @Key AND {IsEmpty}", values) > 0,
            cancellationToken,
            onCommitted: isRemoved =>
            {
                if (isRemoved)
                    storage.Rooms.Remove(values.Key);
            });
    }

    public ValueTask<IReadOnlyList<string>> GetRoomsAsync(string user, CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyList<string>>("the memberships", reader => reader.Connection.Query<string>(
            "SELECT r.name FROM members m JOIN rooms r ON r.id = m.room WHERE m.user = @user AND m.joined_at IS NOT NULL ORDER BY m.joined_at, r.id",
            new { user }).AsList(), cancellationToken);

    // If a user joins two rooms in the same millisecond, the second room gets a time one millisecond later, so that the rooms keep their
    // order.
    public async ValueTask SetMemberAsync(string room, string user, bool isMember, CancellationToken cancellationToken) => await UpdateMemberAsync(
        isMember
            ? """
              INSERT INTO members (room, user, joined_at)
              SELECT id, @user, GREATEST(@Now, COALESCE((SELECT MAX(joined_at) FROM members WHERE user = @user), 0) + 1) FROM rooms WHERE name_key = @Key
              ON CONFLICT (room, user) DO UPDATE SET joined_at = COALESCE(members.joined_at, excluded.joined_at) RETURNING 0
              """
            : "UPDATE members SET joined_at = NULL WHERE user = @user AND room = (SELECT id FROM rooms WHERE name_key = @Key) RETURNING 0",
        room, user, 0, cancellationToken);

    public ValueTask<long> AdvanceReadMarkAsync(string room, string user, long seq, CancellationToken cancellationToken) => UpdateMemberAsync(
        """
        INSERT INTO members (room, user, read_seq) SELECT id, @user, @seq FROM rooms WHERE name_key = @Key
        ON CONFLICT (room, user) DO UPDATE SET read_seq = GREATEST(members.read_seq, excluded.read_seq) RETURNING read_seq
        """,
        room, user, seq, cancellationToken);

    public ValueTask<long> GetReadMarkAsync(string room, string user, CancellationToken cancellationToken) =>
        storage.ReadAsync("the read marks", reader => reader.Connection.QueryFirstOrDefault<long>(
            "SELECT read_seq FROM members WHERE user = @user AND room = (SELECT id FROM rooms WHERE name_key = @Key)",
            new { user, Key = RoomCache.GetKey(room) }), cancellationToken);

    internal static StoredRoom? FindRoom(DbConnection connection, string name) =>
        Query(connection, "WHERE name_key = @Key", new { Key = RoomCache.GetKey(name) }).FirstOrDefault();

    /// <summary>Creates a room. Returns its id, or null if a room of that name, or of a name that looks the same, exists.</summary>
    internal static long? AddRoom(DbConnection connection, StoredRoom room, string epoch, long firstSeq, DateTimeOffset now)
    {
        if (room.Skeletons.Count > 0 && connection.ExecuteScalar<long>("SELECT COUNT(*) FROM room_names WHERE skeleton IN @Skeletons", new { room.Skeletons }) > 0)
            return null;
        var id = connection.QueryFirstOrDefault<long?>(
            """
            INSERT INTO rooms (id, name, name_key, topic, owner, is_private, epoch, first_seq, created_at)
            VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM rooms), @Name, @Key, @Topic, @Owner, @IsPrivate, @epoch, @firstSeq, @Now)
            ON CONFLICT (name_key) DO NOTHING RETURNING id
            """,
            new { room.Name, Key = RoomCache.GetKey(room.Name), room.Topic, room.Owner, IsPrivate = room.IsPrivate ? 1 : 0, epoch, firstSeq, Now = now.ToUnixTimeMilliseconds() });
        if (id is not null)
            connection.Execute("INSERT INTO room_names (skeleton, room) VALUES (@skeleton, @id)", room.Skeletons.Select(skeleton => new { skeleton, id }));
        return id;
    }

    /// <summary>Creates the epoch of a new log.</summary>
    internal static string CreateEpoch() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    private static bool IsLimitReached(DbConnection connection, string? owner, int max) =>
        owner is not null && max < int.MaxValue && connection.ExecuteScalar<long>("SELECT COUNT(*) FROM rooms WHERE owner = @owner", new { owner }) >= max;

    private static IEnumerable<StoredRoom> Query(DbConnection connection, string where, object values) =>
        connection.Query<RoomRow>($"SELECT {RoomRow.Columns} FROM rooms {where}", values).Select(row => row.ToRoom());

    // A guest can join a room before the guest's session is stored, for example after the disk was full. So the user's row may not exist.
    private ValueTask<long> UpdateMemberAsync(string sql, string room, string user, long seq, CancellationToken cancellationToken)
    {
        var values = new { user, Key = RoomCache.GetKey(room), seq, Now = storage.Time.GetUtcNow().ToUnixTimeMilliseconds() };
        return storage.WriteAsync(writer =>
        {
            writer.Connection.Execute("INSERT INTO users (id, name, created_at) VALUES (@user, '', @Now) ON CONFLICT DO NOTHING", values);
            return writer.Connection.QueryFirstOrDefault<long>(sql, values);
        }, cancellationToken);
    }

    private sealed record RoomRow(string Name, string Topic, string? Owner, long IsPrivate)
    {
        public const string Columns = "name, topic, owner, is_private AS isPrivate";

        public StoredRoom ToRoom() => new(Name, Topic, Owner, IsPrivate != 0);
    }
}
