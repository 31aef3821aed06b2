using System.Buffers.Binary;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Storage.Sqlite.Maintenance;
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
    public static int UnsettledIn(string folder)
    {
        using var copy = Copy(folder);
        using var database = Database.OpenForReading(Path.Combine(copy.Path, DataFolder.DatabaseName));
        var count = 0;
        JournalEvents.Read(database, (_, _, _) => count++);
        return count;
    }

    /// <summary>What no crash may leave behind.</summary>
    public static IReadOnlyList<string> FaultsIn(string folder)
    {
        using var copy = Copy(folder);
        return DatabaseCheck.Run(DataFolder.Find(copy.Path), new DataOptions(), TimeProvider.System.GetUtcNow(), new Progress<Advance>(), CancellationToken.None).Lines;
    }

    // On a copy: who opens the database after a kill repairs it, and that is to be the server.
    private static TemporaryFolder Copy(string folder)
    {
        var copy = new TemporaryFolder();
        foreach (var name in (string[])["chat.db", "chat.db-wal"])
            File.Copy(Path.Combine(folder, name), Path.Combine(copy.Path, name));
        return copy;
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
