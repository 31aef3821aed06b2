using System.Buffers.Binary;
using RawSocketChat.Server.Storage.Sql.Maintenance;
using RawSocketChat.Server.Storage.Sqlite.Maintenance;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Crash;

/// <summary>
/// The state of the database files after a kill, read from SQLite's file format (https://sqlite.org/fileformat2.html#walformat,
/// https://sqlite.org/walformat.html). The state shows whether the kill happened at the intended moment.
/// </summary>
/// <param name="IsHalfCommitted">Whether the WAL ends with pages of a transaction without a commit mark.</param>
/// <param name="IsHalfCheckpointed">Whether a checkpoint has copied pages but has not recorded that it is complete.</param>
internal sealed record CrashState(bool IsHalfCommitted, bool IsHalfCheckpointed)
{
    private const int HeaderBytes = 32;
    private const int FrameHeaderBytes = 24;
    private const int CheckpointInfoOffset = 96;
    private const int AttemptedOffset = 128;

    public static CrashState Read(string folder) => new(
        EndsWithoutCommit(ReadBytes(Path.Combine(folder, "chat.db-wal"))),
        File.GetLastWriteTimeUtc(Path.Combine(folder, "chat.db")) > File.GetLastWriteTimeUtc(Path.Combine(folder, "chat.db-wal"))
            && IsCheckpointOpen(ReadBytes(Path.Combine(folder, "chat.db-shm"))));

    /// <summary>Checks the database, and returns the faults. A crash must leave no faults.</summary>
    public static IReadOnlyList<string> FindFaults(string folder)
    {
        using var copy = CopyDatabase(folder);
        return DatabaseCheck.Run(SqliteChatDatabase.Find(copy.Path), new Progress<WorkProgress>(), CancellationToken.None).Lines;
    }

    // Opening a database after a kill repairs the database. Only the server may repair the original, so the test opens a copy.
    private static TemporaryFolder CopyDatabase(string folder)
    {
        var copy = new TemporaryFolder();
        foreach (var name in (string[])["chat.db", "chat.db-wal"])
            File.Copy(Path.Combine(folder, name), Path.Combine(copy.Path, name));
        return copy;
    }

    private static byte[] ReadBytes(string file) => File.Exists(file) ? File.ReadAllBytes(file) : [];

    private static bool EndsWithoutCommit(ReadOnlySpan<byte> wal)
    {
        if (wal.Length < HeaderBytes)
            return false;
        var pageBytes = BinaryPrimitives.ReadInt32BigEndian(wal[8..]);
        var salts = wal.Slice(16, 8);
        var isOpen = false;
        for (var at = HeaderBytes; at + FrameHeaderBytes + pageBytes <= wal.Length; at += FrameHeaderBytes + pageBytes)
        {
            // A frame with other salts is from before the last checkpoint, so the current log ends here.
            if (!wal.Slice(at + 8, 8).SequenceEqual(salts))
                break;
            // The database size after the commit; 0 if this is not the last frame of the transaction.
            isOpen = BinaryPrimitives.ReadInt32BigEndian(wal[(at + 4)..]) == 0;
        }

        return isOpen;
    }

    // The index is shared memory, so it is in the byte order of the machine.
    private static bool IsCheckpointOpen(ReadOnlySpan<byte> index) =>
        index.Length >= AttemptedOffset + 4 && BitConverter.ToInt32(index[AttemptedOffset..]) > BitConverter.ToInt32(index[CheckpointInfoOffset..]);
}
