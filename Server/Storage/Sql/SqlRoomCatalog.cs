using System.Data.Common;
using System.Security.Cryptography;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>The rooms, members and read marks in a SQL database.</summary>
public sealed class SqlRoomCatalog(SqlStorage storage) : IRoomCatalog
{
    // The rooms that a user may see.
    private const string Visible = $"""
        (NOT {IsRemoved} AND (is_private = 0 OR id IN (SELECT m.room FROM members m WHERE m.user = @user AND (m.joined_at IS NOT NULL OR m.role = 'owner'))))
        """;

    private const string IsOwned = "id IN (SELECT m.room FROM members m WHERE m.user = @user AND m.role = 'owner')";

    /// <summary>The condition for the rows of removed rooms, whose logs are not erased yet; see <see cref="RemoveRoomAsync"/>.</summary>
    // The key of a removed room is a slash and the id. This range finds these rows by the index. With LIKE, each search would read all rooms.
    internal const string IsRemoved = "name_key BETWEEN '/0' AND '/:'";

    // The count of the unread messages reads at most this many of the newest events.
    private const int CountedEvents = 10_000;

    /// <summary>
    /// The membership of a user in a room, with the counts of unread messages and mentions. The cost of both counts has a limit, however many events the
    /// user has missed: events has one lower bound for seq, because SQLite would use only the first of two bounds to find the first event.
    /// </summary>
    internal static readonly string MemberQuery =
        $"""
        SELECT m.joined_at AS joinedAt, m.read_seq AS readSeq, m.notify,
            (SELECT COUNT(*) FROM (
                SELECT 1 FROM events e
                WHERE e.room = r.id AND e.seq > GREATEST(m.read_seq, COALESCE((SELECT MAX(seq) FROM events WHERE room = r.id), 0) - {CountedEvents})
                    AND e.kind = 'message' AND e.is_deleted = 0 AND e.author <> @user LIMIT {MemberState.MaxCount}) c) AS unread,
            (SELECT COUNT(*) FROM (
                SELECT seq FROM ({GetMentions("@user")}) a UNION SELECT seq FROM ({GetMentions($"'{NewEvent.Everybody}'")}) b LIMIT {MemberState.MaxCount}) c) AS mentions
        FROM members m JOIN rooms r ON r.id = m.room WHERE r.name_key = @Key AND m.user = @user
        """;

    // If retention has removed the events of a room, its first seq is greater than 1, so the room does not count as empty. A room with a token or a
    // webhook stays, because a program uses it.
    private const string IsEmpty = $"NOT {IsRemoved} AND created_at < @Before AND first_seq = 1 AND NOT EXISTS (SELECT 1 FROM events e WHERE e.room = rooms.id) AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.room = rooms.id) AND NOT EXISTS (SELECT 1 FROM webhooks w WHERE w.room = rooms.id)";

    // The condition on the newest event comes first, because the database finds this event quickly. The search for an owner reads all members of the
    // room.
    private const string IsAbandoned = $"""
        NOT {IsRemoved} AND created_at < @Before AND direct_users IS NULL
        AND COALESCE((SELECT at FROM events e WHERE e.room = rooms.id ORDER BY seq DESC LIMIT 1), 0) < @Before
        AND NOT EXISTS (SELECT 1 FROM members m WHERE m.room = rooms.id AND m.role = 'owner')
        """;

    public ValueTask<int> CountRoomsAsync(CancellationToken cancellationToken) =>
        storage.ReadAsync("the rooms", reader => reader.Connection.ExecuteScalar<int>($"SELECT COUNT(*) FROM rooms WHERE NOT {IsRemoved}"), cancellationToken);

    public ValueTask<StoredRoom?> FindRoomAsync(string name, CancellationToken cancellationToken) => storage.ReadAsync(
        "the rooms", reader => FindRoom(reader.Connection, name), cancellationToken);

    public ValueTask<StoredRoom?> FindSimilarRoomAsync(IReadOnlyList<string> skeletons, CancellationToken cancellationToken) => storage.ReadAsync(
        "the rooms", reader => FindSimilarRoom(reader.Connection, skeletons), cancellationToken);

    public ValueTask<IReadOnlyList<StoredRoom>> ListRoomsAsync(string user, string match, int max, CancellationToken cancellationToken)
    {
        var pattern = $"%{RoomCache.GetKey(match).Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal)}%";
        return storage.ReadAsync<IReadOnlyList<StoredRoom>>(
            "the rooms",
            reader => [.. Query(reader.Connection, $"WHERE name_key LIKE @pattern ESCAPE '!' AND {Visible} ORDER BY name_key LIMIT @max", new { user, pattern, max }, IsOwned)],
            cancellationToken);
    }

    public ValueTask<IReadOnlyList<StoredRoom>> ListNeighborsAsync(string user, string name, int max, CancellationToken cancellationToken)
    {
        var values = new { user, Key = RoomCache.GetKey(name), max };
        return storage.ReadAsync<IReadOnlyList<StoredRoom>>(
            "the rooms",
            reader =>
            [
                .. Query(reader.Connection, $"WHERE name_key < @Key AND {Visible} ORDER BY name_key DESC LIMIT @max", values, IsOwned).Reverse(),
                .. Query(reader.Connection, $"WHERE name_key >= @Key AND {Visible} ORDER BY name_key LIMIT @max", values, IsOwned),
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
        ListAsync(IsEmpty, createdBefore, after, max, cancellationToken);

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

    public ValueTask<bool> RemoveRoomAsync(string name, CancellationToken cancellationToken) => HideAsync(name, "TRUE", before: default, cancellationToken);

    public ValueTask<IReadOnlyList<string>> ListAbandonedRoomsAsync(DateTimeOffset unusedSince, string after, int max, CancellationToken cancellationToken) =>
        ListAsync(IsAbandoned, unusedSince, after, max, cancellationToken);

    public ValueTask<bool> RemoveAbandonedRoomAsync(string name, DateTimeOffset unusedSince, CancellationToken cancellationToken) =>
        HideAsync(name, IsAbandoned, unusedSince, cancellationToken);

    public ValueTask<DateTimeOffset?> FindNewestTimeAsync(CancellationToken cancellationToken) =>
        storage.ReadAsync("the newest events", reader => FindNewestTime(reader.Connection), cancellationToken);

    public async ValueTask EraseRemovedAsync(CancellationToken cancellationToken)
    {
        var removed = await storage.ReadAsync("the removed rooms", reader => reader.Connection.Query<long>($"SELECT id FROM rooms WHERE {IsRemoved}").AsList(), cancellationToken);
        var steps = new WriteSteps(storage);
        foreach (var id in removed)
        {
            while (await steps.ExecuteAsync((writer, rows) => EraseStep(writer.Connection, id, rows), cancellationToken))
            {
            }
        }

        if (removed.Count > 0)
            storage.AnnounceFilesRemoved();

        // Run an empty transaction, because an engine may remove erased text from its log on the disk after each transaction.
        await storage.WriteAsync(_ => true, cancellationToken);
    }

    public ValueTask<IReadOnlyList<string>> GetRoomsAsync(string user, CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyList<string>>("the memberships", reader => reader.Connection.Query<string>(
            "SELECT r.name FROM members m JOIN rooms r ON r.id = m.room WHERE m.user = @user AND m.joined_at IS NOT NULL ORDER BY m.joined_at, r.id",
            new { user }).AsList(), cancellationToken);

    // If a user joins two rooms in the same millisecond, the second room gets a time one millisecond later, so that the rooms keep their
    // order.
    public async ValueTask SetMemberAsync(string room, string user, bool isMember, long readSeq, CancellationToken cancellationToken) => await UpdateMemberAsync(
        isMember
            ? """
              INSERT INTO members (room, "user", joined_at, read_seq)
              SELECT id, @user, GREATEST(@Now, COALESCE((SELECT MAX(joined_at) FROM members WHERE "user" = @user), 0) + 1), @seq FROM rooms WHERE name_key = @Key
              ON CONFLICT (room, "user") DO UPDATE SET joined_at = COALESCE(members.joined_at, excluded.joined_at) RETURNING 0
              """
            : "UPDATE members SET joined_at = NULL WHERE \"user\" = @user AND room = (SELECT id FROM rooms WHERE name_key = @Key) RETURNING 0",
        room, user, readSeq, cancellationToken);

    public ValueTask<MemberState?> GetMemberAsync(string room, string user, CancellationToken cancellationToken) => storage.ReadAsync(
        "the members",
        reader => reader.Connection.QueryFirstOrDefault<MemberRow>(MemberQuery, new { user, Key = RoomCache.GetKey(room) })?.ToState(),
        cancellationToken);

    // The new mentions of one user, or of all members, in the room r for the member m. Each query reads only the index of the mentions by user.
    private static string GetMentions(string user) =>
        $"""
        SELECT n.seq FROM mentions n JOIN events e ON e.room = n.room AND e.seq = n.seq
        WHERE n.user = {user} AND n.room = r.id AND n.seq > m.read_seq AND e.author <> @user LIMIT {MemberState.MaxCount}
        """;

    public async ValueTask SetNotifyAsync(string room, string user, string level, CancellationToken cancellationToken) => await UpdateMemberAsync(
        """
        INSERT INTO members (room, "user", notify) SELECT id, @user, @level FROM rooms WHERE name_key = @Key
        ON CONFLICT (room, "user") DO UPDATE SET notify = excluded.notify RETURNING 0
        """,
        room, user, 0, cancellationToken, level);

    public ValueTask<RoomModeration> GetModerationAsync(string room, CancellationToken cancellationToken) => storage.ReadAsync(
        "the roles and bans", reader => ModerationTables.Read(reader.Connection, RoomCache.GetKey(room)), cancellationToken);

    public ValueTask<IReadOnlyList<BannedRoom>> ListBannedRoomsAsync(string user, string? address, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var values = new { user, address, Now = now.ToUnixTimeMilliseconds() };
        return storage.ReadAsync<IReadOnlyList<BannedRoom>>("the bans", reader =>
        [
            .. reader.Connection.Query<(string Room, long IsByAddress)>(
                """
                SELECT r.name, 0 FROM bans b JOIN rooms r ON r.id = b.room WHERE b.user = @user AND (b.until IS NULL OR b.until > @Now)
                UNION SELECT r.name, 1 FROM bans b JOIN rooms r ON r.id = b.room WHERE b.address = @address AND b.address <> '' AND (b.until IS NULL OR b.until > @Now)
                """,
                values).Select(row => new BannedRoom(row.Room, row.IsByAddress != 0)),
        ], cancellationToken);
    }

    public ValueTask<long> AdvanceReadMarkAsync(string room, string user, long seq, CancellationToken cancellationToken) => UpdateMemberAsync(
        """
        INSERT INTO members (room, "user", read_seq) SELECT id, @user, @seq FROM rooms WHERE name_key = @Key
        ON CONFLICT (room, "user") DO UPDATE SET read_seq = GREATEST(members.read_seq, excluded.read_seq) RETURNING read_seq
        """,
        room, user, seq, cancellationToken);

    internal static StoredRoom? FindRoom(DbConnection connection, string name) =>
        Query(connection, "WHERE name_key = @Key", new { Key = RoomCache.GetKey(name) }).FirstOrDefault();

    /// <summary>Creates a room. Returns its id, or null if another room has the same name or a name that looks the same.</summary>
    internal static long? AddRoom(DbConnection connection, StoredRoom room, string epoch, long firstSeq, DateTimeOffset now)
    {
        if (room.Skeletons.Count > 0 && FindSimilarRoom(connection, room.Skeletons) is not null)
            return null;
        var id = connection.QueryFirstOrDefault<long?>(
            """
            INSERT INTO rooms (id, name, name_key, topic, owner, is_private, epoch, first_seq, created_at, direct_users)
            VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM rooms), @Name, @Key, @Topic, @Owner, @IsPrivate, @epoch, @firstSeq, @Now, @DirectUsers)
            ON CONFLICT (name_key) DO NOTHING RETURNING id
            """,
            new { room.Name, Key = RoomCache.GetKey(room.Name), room.Topic, room.Owner, IsPrivate = room.IsPrivate ? 1 : 0, epoch, firstSeq, Now = now.ToUnixTimeMilliseconds(), DirectUsers = room.DirectUsers is null ? null : string.Join(' ', room.DirectUsers) });
        if (id is not null && room.Owner is not null)
            ModerationTables.Apply(connection, id.Value, new ModerationDetails(ModerationAction.Role, room.Owner, Role: RoomRole.Owner), now);
        if (id is not null)
            connection.Execute("INSERT INTO room_names (skeleton, room) VALUES (@skeleton, @id)", room.Skeletons.Select(skeleton => new { skeleton, id }));
        return id;
    }

    // Uses the time of the newest event of each room. An earlier event can have a later time only if the clock was set back. In that case,
    // the caller does not need the exact time.
    internal static DateTimeOffset? FindNewestTime(DbConnection connection) =>
        connection.ExecuteScalar<long?>("SELECT MAX((SELECT at FROM events WHERE room = r.id ORDER BY seq DESC LIMIT 1)) FROM rooms r") is { } at
            ? DateTimeOffset.FromUnixTimeMilliseconds(at)
            : null;

    /// <summary>Creates the epoch of a new log.</summary>
    internal static string CreateEpoch() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    private ValueTask<IReadOnlyList<string>> ListAsync(string condition, DateTimeOffset before, string after, int max, CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyList<string>>("the rooms", reader => reader.Connection.Query<string>(
            $"SELECT name FROM rooms WHERE name_key > @Key AND {condition} ORDER BY name_key LIMIT @max",
            new { Key = RoomCache.GetKey(after), Before = before.ToUnixTimeMilliseconds(), max }).AsList(), cancellationToken);

    // A log may have millions of events, and their deletion in one transaction would block the only writer. So this method replaces the key
    // of the room by a key that no valid name has. After that, nobody can find the room. The events are erased later, in steps.
    private ValueTask<bool> HideAsync(string name, string condition, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var values = new { Key = RoomCache.GetKey(name), Before = before.ToUnixTimeMilliseconds() };
        return storage.WriteAsync(
            writer => writer.Connection.QueryFirstOrDefault<long?>($"SELECT id FROM rooms WHERE name_key = @Key AND {condition}", values) is { } id && Hide(writer.Connection, id),
            cancellationToken,
            onCommitted: isRemoved =>
            {
                if (isRemoved)
                    storage.Rooms.Remove(values.Key);
            });
    }

    private static bool Hide(DbConnection connection, long id) => connection.Execute(
        """
        DELETE FROM members WHERE room = @id;
        DELETE FROM tokens WHERE room = @id;
        DELETE FROM webhooks WHERE room = @id;
        DELETE FROM bans WHERE room = @id;
        DELETE FROM room_names WHERE room = @id;
        UPDATE rooms SET name = '', name_key = '/' || id, topic = '', owner = NULL, direct_users = NULL WHERE id = @id;
        """,
        new { id }) > 0;

    // Returns false when nothing is left.
    private static bool EraseStep(DbConnection connection, long id, int rows)
    {
        var values = new { id, rows };
        connection.Execute("DELETE FROM events WHERE room = @id AND seq IN (SELECT seq FROM events WHERE room = @id ORDER BY seq LIMIT @rows)", values);
        if (connection.Execute("UPDATE rooms SET first_seq = e.seq FROM (SELECT MIN(seq) AS seq FROM events WHERE room = @id) e WHERE id = @id AND e.seq IS NOT NULL", values) > 0)
            return true;
        connection.Execute("DELETE FROM rooms WHERE id = @id", values);
        return false;
    }

    private static bool IsLimitReached(DbConnection connection, string? owner, int max) =>
        owner is not null && max < int.MaxValue && connection.ExecuteScalar<long>("SELECT COUNT(*) FROM rooms WHERE owner = @owner", new { owner }) >= max;

    private static StoredRoom? FindSimilarRoom(DbConnection connection, IReadOnlyList<string> skeletons)
    {
        var values = new DynamicParameters();
        return Query(connection, $"WHERE id IN (SELECT room FROM room_names WHERE skeleton {values.AddList(skeletons)})", values).FirstOrDefault();
    }

    private static IEnumerable<StoredRoom> Query(DbConnection connection, string where, object values, string isOwned = "FALSE") =>
        connection.Query<RoomRow>($"SELECT {RoomRow.Columns}, {isOwned} AS isOwned FROM rooms {where}", values).Select(row => row.ToRoom());

    // A guest can join a room before the guest's session is stored, for example after the disk was full. So the user's row may not exist.
    private ValueTask<long> UpdateMemberAsync(string sql, string room, string user, long seq, CancellationToken cancellationToken, string? level = null)
    {
        var values = new { user, Key = RoomCache.GetKey(room), seq, level, Now = storage.Time.GetUtcNow().ToUnixTimeMilliseconds() };
        return storage.WriteAsync(writer =>
        {
            writer.Connection.Execute("INSERT INTO users (id, name, created_at) VALUES (@user, '', @Now) ON CONFLICT DO NOTHING", values);
            return writer.Connection.QueryFirstOrDefault<long>(sql, values);
        }, cancellationToken);
    }

    // Dapper fills constructor parameters only if the types match, and the driver does not know the type of a computed column. So use properties.
    private sealed class MemberRow
    {
        public long? JoinedAt { get; init; }

        public long ReadSeq { get; init; }

        public required string Notify { get; init; }

        public int Unread { get; init; }

        public int Mentions { get; init; }

        public MemberState ToState() => new(JoinedAt is not null, ReadSeq, Notify, Unread, Mentions);
    }

    // Dapper fills constructor parameters only if the types match, and the driver does not know the type of a computed column. So use properties.
    private sealed class RoomRow
    {
        public const string Columns = "name, topic, owner, is_private AS isPrivate, direct_users AS directUsers";

        public required string Name { get; init; }

        public required string Topic { get; init; }

        public string? Owner { get; init; }

        public bool IsPrivate { get; init; }

        public string? DirectUsers { get; init; }

        public bool IsOwned { get; init; }

        public StoredRoom ToRoom() => new(Name, Topic, Owner, IsPrivate) { DirectUsers = DirectUsers?.Split(' '), IsOwned = IsOwned };
    }
}
