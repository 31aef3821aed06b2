using System.Data.Common;
using Dapper;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

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
        ("rooms",
            """
            SELECT 'room "' || name || '": its key is "' || name_key || '"' FROM rooms WHERE name_key <> upper(name) AND name_key NOT LIKE '/%' AND name NOT GLOB '*[^ -~]*'
            UNION ALL SELECT 'room "' || name || '": its log begins at ' || first_seq FROM rooms WHERE first_seq < 1
            """),
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
                WHEN e.target >= e.seq OR (e.target IS NOT NULL) <> (e.kind IN ({ChangingKinds})) THEN 'impossible target ' || COALESCE(e.target, 'NULL')
                WHEN e.is_deleted AND e.text <> '' THEN 'deleted, but it has a text'
                WHEN e.body IS NOT NULL AND (NOT json_valid(e.body) OR COALESCE(e.body ->> 'reply', 1) < 1) THEN 'invalid body ' || e.body
                END AS fault FROM events e JOIN rooms r ON r.id = e.room)
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
        ("files",
            """
            SELECT 'room "' || r.name || '", event ' || e.seq || ': the file ' || COALESCE(f.value ->> 'id', '') || ' does not exist'
            FROM events e JOIN rooms r ON r.id = e.room JOIN json_each(CASE WHEN json_valid(e.body) THEN e.body END, '$.files') f
            WHERE e.body LIKE '%"files":[%' AND NOT EXISTS (SELECT 1 FROM message_files m WHERE m.room = e.room AND m.seq = e.seq AND m.file = f.value ->> 'id')
            UNION ALL SELECT 'the file ' || f.id || ' belongs to no message' FROM files f
            WHERE f.is_posted AND NOT EXISTS (SELECT 1 FROM message_files m WHERE m.file = f.id)
            """),
        ("accounts", "SELECT 'the account \"' || u.name || '\" has no registered name' FROM users u WHERE password_hash IS NOT NULL AND NOT EXISTS (SELECT 1 FROM names WHERE user = u.id)"),
    ];

    /// <exception cref="StorageException">There is no database, or it cannot be read for a reason other than damage.</exception>
    public static CheckResult Run(DataFolder folder, IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        var result = new CheckResult();
        try
        {
            using var snapshot = Snapshot.Open(folder, cancel);
            snapshot.Read(connection =>
            {
                CheckDatabase(connection, result, progress);
                return true;
            });
            foreach (var (what, sql) in Rules)
            {
                cancel.ThrowIfCancellationRequested();
                progress.Report(new WorkProgress($"checking {what}", 0, 0));
                foreach (var fault in snapshot.Read(connection => connection.Query<string>(sql)))
                    result.Add(fault);
            }

            ContentCheck.Run(folder, snapshot, result, progress, cancel);
        }
        catch (StorageException fault) when (fault.IsDamage)
        {
            result.Add(fault.Message);
        }

        return result;
    }

    private static void CheckDatabase(DbConnection connection, CheckResult result, IProgress<WorkProgress> progress)
    {
        progress.Report(new WorkProgress("counting", 0, 0));
        result.Rooms = connection.ExecuteScalar<long>("SELECT COUNT(*) FROM rooms");
        result.Events = connection.ExecuteScalar<long>("SELECT COUNT(*) FROM events");
        result.Accounts = connection.ExecuteScalar<long>("SELECT COUNT(*) FROM users WHERE password_hash IS NOT NULL");
        progress.Report(new WorkProgress("checking pages", 0, 0));
        foreach (var line in connection.Query<string>($"PRAGMA integrity_check({CheckResult.MaxLines})").Where(line => line != "ok"))
            result.Add($"the database is damaged: {line}");
        progress.Report(new WorkProgress("checking references", 0, 0));
        foreach (var (table, parent) in connection.Query<(string, string)>("SELECT \"table\", parent FROM pragma_foreign_key_check"))
            result.Add($"a row of the table {table} refers to a row of {parent} that does not exist");
    }

    private static string FormatNames(IEnumerable<RoomEventKind> kinds) => string.Join(", ", kinds.Select(kind => $"'{RoomEventKindName.Format(kind)}'"));
}
