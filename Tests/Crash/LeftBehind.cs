using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Data.Sqlite;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Crash;

/// <summary>
/// What a killed server left in its folder, as SQLite's file format tells it (https://sqlite.org/fileformat2.html#walformat,
/// https://sqlite.org/walformat.html): the evidence that kills hit what they were meant for.
/// </summary>
/// <param name="IsHalfCommitted">Pages of a transaction lie in the WAL without their commit mark.</param>
/// <param name="IsHalfCheckpointed">The last that was written is a page that a checkpoint copied, and its end is not noted.</param>
internal sealed record LeftBehind(bool IsHalfCommitted, bool IsHalfCheckpointed)
{
    private const int HeaderBytes = 32;
    private const int FrameHeaderBytes = 24;
    private const int CheckpointInfoAt = 96;
    private const int AttemptedAt = 128;

    public static LeftBehind In(string folder) => new(
        EndsWithoutCommit(BytesOf(Path.Combine(folder, "chat.db-wal"))),
        File.GetLastWriteTimeUtc(Path.Combine(folder, "chat.db")) > File.GetLastWriteTimeUtc(Path.Combine(folder, "chat.db-wal"))
            && IsCheckpointOpen(BytesOf(Path.Combine(folder, "chat.db-shm"))));

    /// <summary>How many events are in the journal.</summary>
    public static int UnsettledIn(string folder) => int.Parse(Query(folder, "SELECT COUNT(*) FROM journal")[0], CultureInfo.InvariantCulture);

    /// <summary>What no crash may leave behind.</summary>
    public static IReadOnlyList<string> FaultsIn(string folder) =>
    [
        .. Query(folder, "PRAGMA integrity_check").Where(line => line != "ok"),
        .. Query(folder, "SELECT 'event ' || seq || ' of room ' || room || ' stands in two places' FROM journal WHERE EXISTS (SELECT 1 FROM events WHERE events.id = room << 40 | seq)"),
        .. Query(folder, "SELECT 'event ' || id || ' is not found by its client id' FROM events WHERE client_id IS NOT NULL AND id NOT IN (SELECT event FROM client_ids)"),
        .. Query(folder, "SELECT 'a client id finds no event ' || event FROM client_ids WHERE NOT EXISTS (SELECT 1 FROM events WHERE id = event)"),
    ];

    // On a copy: who opens the database after a kill repairs it, and that is to be the server.
    private static List<string> Query(string folder, string sql)
    {
        using var copy = new TemporaryFolder();
        foreach (var name in (string[])["chat.db", "chat.db-wal"])
            File.Copy(Path.Combine(folder, name), Path.Combine(copy.Path, name));
        using var database = new SqliteConnection($"Data Source={Path.Combine(copy.Path, "chat.db")};Pooling=False");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = sql;
        using var rows = command.ExecuteReader();
        var found = new List<string>();
        while (rows.Read())
            found.Add(rows.GetValue(0).ToString()!);
        return found;
    }

    private static byte[] BytesOf(string file) => File.Exists(file) ? File.ReadAllBytes(file) : [];

    private static bool EndsWithoutCommit(ReadOnlySpan<byte> wal)
    {
        if (wal.Length < HeaderBytes)
            return false;
        var pageBytes = BinaryPrimitives.ReadInt32BigEndian(wal[8..]);
        var salts = wal.Slice(16, 8);
        var isOpen = false;
        for (var at = HeaderBytes; at + FrameHeaderBytes + pageBytes <= wal.Length; at += FrameHeaderBytes + pageBytes)
        {
            // What follows is of an earlier round through the file.
            if (!wal.Slice(at + 8, 8).SequenceEqual(salts))
                break;
            // The size of the database after the commit; 0 where the frame is not the transaction's last one.
            isOpen = BinaryPrimitives.ReadInt32BigEndian(wal[(at + 4)..]) == 0;
        }

        return isOpen;
    }

    // In the byte order of the machine: the index is shared memory.
    private static bool IsCheckpointOpen(ReadOnlySpan<byte> index) =>
        index.Length >= AttemptedAt + 4 && BitConverter.ToInt32(index[AttemptedAt..]) > BitConverter.ToInt32(index[CheckpointInfoAt..]);
}
