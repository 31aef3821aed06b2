using System.Buffers.Binary;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// The header of a database file (sqlite.org/fileformat2.html, section 1.3), and the check that a write-ahead log belongs to the file. SQLite
/// itself would apply any log that is beside a database, including the log of an earlier or later state.
/// </summary>
/// <param name="UsesWriteAheadLog">False for a file that the <c>backup</c> command has written.</param>
/// <param name="ChangeCounter">A number that SQLite only increases. It grows at each start of the server.</param>
internal readonly record struct DatabaseHeader(bool UsesWriteAheadLog, uint ChangeCounter)
{
    private const int Bytes = 100;
    private const int ReadVersionOffset = 19;
    private const int ChangeCounterOffset = 24;
    private const byte WriteAheadLogVersion = 2;

    /// <summary>
    /// Reads the header. Returns null if the file is too short. Call this method only while this process has no connection to the file:
    /// when this method closes the file, the process loses all its POSIX locks on the file, including the locks of SQLite.
    /// </summary>
    public static DatabaseHeader? TryRead(string file)
    {
        Span<byte> header = stackalloc byte[Bytes];
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        return stream.ReadAtLeast(header, Bytes, throwOnEndOfStream: false) == Bytes
            ? new DatabaseHeader(header[ReadVersionOffset] == WriteAheadLogVersion, BinaryPrimitives.ReadUInt32BigEndian(header[ChangeCounterOffset..]))
            : null;
    }

    /// <summary>Checks that the write-ahead log beside a database, if there is one, belongs to the database.</summary>
    /// <param name="file">The full path of the database.</param>
    /// <param name="atStart">The change counter that the file had when a server last started with it; null if it is unknown.</param>
    /// <exception cref="StorageException">The log belongs to another state of the database.</exception>
    public static void CheckWriteAheadLog(string file, uint? atStart)
    {
        var log = new FileInfo(file + "-wal");
        if (!log.Exists || log.Length == 0)
            return;
        if (!File.Exists(file))
            throw new StorageException($"\"{log.FullName}\" has messages of a database that is missing: put \"{file}\" back, or remove the -wal file to begin without these messages");
        if (TryRead(file) is { } header && (!header.UsesWriteAheadLog || header.ChangeCounter < atStart))
        {
            throw new StorageException(
                $"\"{file}\" is older than \"{log.FullName}\", which belongs to another state of the database; nothing was changed. If you have put a backup there, remove the files chat.db-wal and chat.db-shm and start again, or use the command: restore FILE");
        }
    }
}
