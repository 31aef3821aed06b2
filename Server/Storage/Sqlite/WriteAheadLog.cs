using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// Keeps the write-ahead log small. At about 64 MiB, SQLite copies the log into the database, but cannot reuse the log while another
/// connection reads an older part. So this class also empties the log once a minute, and once a second while the log is larger than usual.
/// Emptying the log also removes erased text from the disk, within two minutes: even a server without clients has a transaction each minute
/// (<see cref="SqlRoomCatalog.EraseRemovedAsync"/>). Used by the writer's thread only.
/// </summary>
internal sealed class WriteAheadLog(SqliteStorage storage, ILogger logger)
{
    private const long Mebibyte = 1024 * 1024;

    // About twice the size at which SQLite itself makes a checkpoint.
    private const long UsualBytes = 128 * Mebibyte;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly FileInfo _file = new(storage.File + "-wal");
    private readonly long _maxBytes = storage.Options.MaxWalMegabytes * Mebibyte;
    private long _triedAt = storage.Time.GetTimestamp();
    private bool _isWarned;

    /// <summary>Why nothing can be written now; null if the log has not reached its maximum size.</summary>
    public string? FullReason { get; private set; }

    /// <summary>
    /// Empties the log if the interval is over or if the log is full. Call this method after each transaction, committed or failed.
    /// </summary>
    public void TruncateIfDue(DbConnection connection)
    {
        _file.Refresh();
        var bytes = _file.Exists ? _file.Length : 0;
        var isLarge = bytes > Math.Min(UsualBytes, _maxBytes / 2);
        if (storage.Time.GetElapsedTime(_triedAt) >= (isLarge ? RetryInterval : Interval) || bytes >= _maxBytes)
        {
            _triedAt = storage.Time.GetTimestamp();
            if (bytes > 0 && TryTruncate(connection))
                (bytes, isLarge) = (0, false);
        }

        FullReason = bytes < _maxBytes ? null
            : $"the write-ahead log \"{_file.FullName}\" has reached Data:MaxWalMegabytes, because another program reads the database in one long transaction; end that program";
        if (isLarge && !_isWarned)
            Log.WriteAheadLogGrows(logger, bytes / Mebibyte, _maxBytes / Mebibyte);
        _isWarned = isLarge;
    }

    /// <summary>
    /// Copies the log into the database and truncates it. Returns false if another connection reads the log, or after an error.
    /// </summary>
    public static bool TryTruncate(DbConnection connection)
    {
        try
        {
            var usualTimeout = connection.ExecuteScalar<long>("PRAGMA busy_timeout");
            // A read of this server takes milliseconds. Do not wait for a longer read, because all rooms would have to wait too.
            connection.Execute("PRAGMA busy_timeout = 50");
            try
            {
                return connection.QueryFirst<long>("PRAGMA wal_checkpoint(TRUNCATE)") == 0;
            }
            finally
            {
                connection.Execute($"PRAGMA busy_timeout = {usualTimeout}");
            }
        }
        catch (SqliteException)
        {
            // For example, the disk is full. SQLite reads the data from the log until a later checkpoint.
            return false;
        }
    }
}
