using Dapper;

namespace RawSocketChat.Server.Storage.Sql.Maintenance;

/// <summary>
/// Looks for damage in one snapshot of the database. Changes nothing. A server may write to the database at the same time.
/// </summary>
public static class DatabaseCheck
{
    // The last millisecond of the year 9999, because the protocol's times have years of four digits.
    private const long MaxTime = 253_402_300_799_999;

    private static readonly string Kinds = FormatNames(Enum.GetValues<RoomEventKind>());
    private static readonly string ChangingKinds = FormatNames(Enum.GetValues<RoomEventKind>().Where(MessageChanges.ChangesMessage));

    // Each query returns a line for each fault.
    private static readonly (string What, string Sql)[] Rules =
    [
        ("rooms", "SELECT 'room \"' || name || '\": its log begins at ' || first_seq FROM rooms WHERE first_seq < 1"),
        ("sequence numbers",
            """
            WITH steps AS (SELECT room, seq, LAG(seq) OVER (PARTITION BY room ORDER BY seq) AS previous FROM events)
            SELECT 'room "' || r.name || '", ' || CASE WHEN s.seq - s.expected = 1 THEN 'event ' || s.expected || ' is missing'
                ELSE 'events ' || s.expected || ' to ' || (s.seq - 1) || ' are missing' END
            FROM (SELECT room, seq, COALESCE(previous + 1, (SELECT first_seq FROM rooms WHERE id = room)) AS expected FROM steps) s
            JOIN rooms r ON r.id = s.room WHERE s.seq > s.expected
            UNION ALL SELECT 'room "' || r.name || '", event ' || e.seq || ' is older than the beginning of the log'
            FROM rooms r JOIN events e ON e.room = r.id AND e.seq < r.first_seq
            """),
        ("events",
            $"""
            SELECT 'room "' || name || '", event ' || seq || ': ' || fault FROM (SELECT r.name, e.seq, CASE
                WHEN e.kind NOT IN ({Kinds}) THEN 'unknown kind "' || e.kind || '"'
                WHEN e.at NOT BETWEEN 0 AND {MaxTime} THEN 'impossible time ' || e.at
                WHEN e.target >= e.seq OR (e.target IS NOT NULL) <> (e.kind IN ({ChangingKinds})) THEN 'impossible target ' || COALESCE(CAST(e.target AS TEXT), 'NULL')
                WHEN e.is_deleted <> 0 AND e.text <> '' THEN 'deleted, but it has a text'
                END AS fault FROM events e JOIN rooms r ON r.id = e.room) checked
            WHERE fault IS NOT NULL
            """),
        ("topics",
            """
            WITH newest AS (SELECT room, MAX(seq) AS seq FROM events WHERE kind = 'topic' GROUP BY room)
            SELECT 'room "' || r.name || '": its topic differs from event ' || e.seq
            FROM newest n JOIN events e ON e.room = n.room AND e.seq = n.seq JOIN rooms r ON r.id = n.room WHERE e.text <> r.topic
            """),
        ("client ids",
            """
            SELECT 'room "' || r.name || '", event ' || c.seq || ': the client id "' || c.client_id || '" refers to it, but '
                || CASE WHEN e.seq IS NULL THEN 'it does not exist' ELSE 'its author is another user' END
            FROM client_ids c JOIN rooms r ON r.id = c.room LEFT JOIN events e ON e.room = c.room AND e.seq = c.seq
            WHERE (e.seq IS NULL AND c.seq >= r.first_seq) OR e.author <> c.author
            UNION ALL SELECT 'the client ids "' || MIN(c.client_id) || '" and "' || MAX(c.client_id) || '" refer to the same event'
            FROM client_ids c GROUP BY c.room, c.seq HAVING COUNT(*) > 1
            """),
        ("files", "SELECT 'the file ' || f.id || ' belongs to no message' FROM files f WHERE f.is_posted <> 0 AND NOT EXISTS (SELECT 1 FROM message_files m WHERE m.file = f.id)"),
        ("accounts", "SELECT 'the account \"' || u.name || '\" has no registered name' FROM users u WHERE password_hash IS NOT NULL AND NOT EXISTS (SELECT 1 FROM names n WHERE n.user = u.id)"),
    ];

    /// <exception cref="StorageException">There is no database, or it cannot be read for a reason other than damage.</exception>
    public static CheckResult Run(ChatDatabase database, IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        var result = new CheckResult();
        try
        {
            using var snapshot = database.OpenSnapshot(cancel);
            progress.Report(new WorkProgress("counting", 0, 0));
            Count(snapshot, result);
            snapshot.Check(result, progress);
            foreach (var (what, sql) in Rules)
            {
                cancel.ThrowIfCancellationRequested();
                progress.Report(new WorkProgress($"checking {what}", 0, 0));
                foreach (var fault in snapshot.Read(connection => connection.Query<string>(sql)))
                    result.Add(fault);
            }

            CheckRoomKeys(snapshot, result);
            cancel.ThrowIfCancellationRequested();
            progress.Report(new WorkProgress("checking the other fields of events", 0, 0));
            CheckBodies(snapshot, result);
            ContentCheck.Run(database, snapshot, result, progress, cancel);
        }
        catch (StorageException fault) when (fault.IsDamage)
        {
            result.Add(fault.Message);
        }

        return result;
    }

    private static void Count(DatabaseSnapshot snapshot, CheckResult result) => snapshot.Read(connection =>
    {
        result.Rooms = connection.ExecuteScalar<long>("SELECT COUNT(*) FROM rooms");
        result.Events = connection.ExecuteScalar<long>("SELECT COUNT(*) FROM events");
        result.Accounts = connection.ExecuteScalar<long>("SELECT COUNT(*) FROM users WHERE password_hash IS NOT NULL");
        return true;
    });

    private static void CheckRoomKeys(DatabaseSnapshot snapshot, CheckResult result) => snapshot.Read(connection =>
    {
        foreach (var (name, key) in connection.Query<(string Name, string Key)>($"SELECT name, name_key FROM rooms WHERE NOT {SqlRoomCatalog.IsRemoved} ORDER BY id", buffered: false))
        {
            if (RoomCache.GetKey(name) != key)
                result.Add($"room \"{name}\": its key is \"{key}\"");
        }

        return true;
    });

    // Compares the files in the JSON of each message with its rows in the table of files.
    private static void CheckBodies(DatabaseSnapshot snapshot, CheckResult result) => snapshot.Read(connection =>
    {
        const string Bodies =
            """
            SELECT r.name, e.seq, e.body, m.file FROM events e JOIN rooms r ON r.id = e.room LEFT JOIN message_files m ON m.room = e.room AND m.seq = e.seq
            WHERE e.body IS NOT NULL ORDER BY e.room, e.seq
            """;
        var (last, missing) = (default((string Room, long Seq)), new List<string>());
        foreach (var (room, seq, json, file) in connection.Query<(string Room, long Seq, string Body, string? File)>(Bodies, buffered: false))
        {
            // A message with several files has several rows.
            if (last != (room, seq))
            {
                AddMissing(result, last, missing);
                (last, missing) = ((room, seq), DecodeFiles(result, room, seq, json));
            }

            if (file is not null)
                missing.Remove(file);
        }

        AddMissing(result, last, missing);
        return true;
    });

    private static void AddMissing(CheckResult result, (string Room, long Seq) message, List<string> missing)
    {
        foreach (var file in missing)
            result.Add($"room \"{message.Room}\", event {message.Seq}: the file {file} does not exist");
    }

    // Returns the ids of the files of a message.
    private static List<string> DecodeFiles(CheckResult result, string room, long seq, string json)
    {
        try
        {
            var body = EventBody.Decode(json);
            if (body.Reply is null or > 0)
                return [.. (body.Files ?? []).Select(file => file.Id)];
        }
        catch (StorageException)
        {
            // Report this below, like a body with an invalid reply.
        }

        result.Add($"room \"{room}\", event {seq}: invalid body {json}");
        return [];
    }

    private static string FormatNames(IEnumerable<RoomEventKind> kinds) => string.Join(", ", kinds.Select(kind => $"'{RoomEventKindName.Format(kind)}'"));
}
