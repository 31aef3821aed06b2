using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Server.Storage.Sql.Maintenance;
using RawSocketChat.Server.Storage.Sqlite.Maintenance;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// The database of this server in one SQLite file: one writer (<see cref="GroupCommit"/>) and a few readers. The constructor opens the
/// database, so the server does not start with an unusable database.
/// </summary>
public sealed class SqliteStorage : SqlStorage, IDisposable
{
    private const int ReaderCount = 2;

    private readonly DataFolder _folder;
    private readonly SqliteGroupCommit _writer;
    private readonly ReaderPool _readers;
    private readonly SearchReader _search;
    private readonly ReadFaultLog _faults;

    /// <exception cref="StorageException">The folder cannot be used, or the database cannot be read.</exception>
    public SqliteStorage(IOptions<DataOptions> options, TimeProvider time, ILogger<SqliteStorage> logger)
        : base(options.Value, time)
    {
        _faults = new ReadFaultLog(time, logger);
        _folder = DataFolder.Lock(Options.Path);
        SqliteConnection? connection = null;
        try
        {
            var before = System.IO.File.Exists(File) ? DatabaseHeader.TryRead(File) : null;
            connection = OpenForWriting();
            MarkStart(connection, before?.ChangeCounter ?? 0);
            ExtractContents(connection);
            _readers = new ReaderPool(File, ReaderCount);
            _search = new SearchReader(File, time);
            _writer = new SqliteGroupCommit(this, connection, logger);
        }
        catch
        {
            _search?.Dispose();
            _readers?.Dispose();
            connection?.Dispose();
            _folder.Dispose();
            throw;
        }
    }

    public override string Folder => _folder.Path;

    public override string Location => Folder;

    /// <summary>The full path of the database.</summary>
    internal string File => _folder.Database;

    private protected override GroupCommit Writer => _writer;

    public void Dispose()
    {
        // Close the writer's connection last. Only a connection that may write merges the write-ahead log into the database when it closes.
        _search.Dispose();
        _readers.Dispose();
        _writer.Dispose();
        _folder.Dispose();
    }

    internal SqliteConnection OpenForWriting() => SqliteDatabase.OpenForWriting(File, Options.Durability == Durability.Full, Options.MaxBytes);

    // Writes one page.
    internal override async ValueTask ProbeWriteAsync() =>
        await WriteAsync(writer => writer.Connection.Execute($"PRAGMA user_version = {SqliteDatabase.NewestVersion}"), CancellationToken.None);

    // The operator may have put a backup into the folder without the command "restore". Then the contents of the files are still in the
    // database.
    private void ExtractContents(SqliteConnection connection)
    {
        if (ContentBackup.HasContents(connection))
            ContentBackup.Extract(connection, ContentFolder.Of(Folder), new Progress<WorkProgress>(), CancellationToken.None);
    }

    // Makes the change counter of the file larger than the counter of every earlier copy of the file. So if an earlier copy replaces the
    // file, the next start detects that the write-ahead log of this run does not belong to the copy.
    private void MarkStart(SqliteConnection connection, uint before)
    {
        try
        {
            connection.Execute($"PRAGMA user_version = {SqliteDatabase.NewestVersion}");
        }
        catch (SqliteException fault)
        {
            throw SqliteError.Translate(fault, File);
        }

        // The transaction has changed the first page, and each such transaction increments the counter.
        if (WriteAheadLog.TryTruncate(connection))
            _folder.RecordChangeCounter(before + 1);
    }

    internal override ValueTask<T> ReadAsync<T>(string what, Func<StorageReader, T> read, CancellationToken cancellationToken) =>
        TranslateAsync(what, _readers.ReadAsync(read, cancellationToken));

    internal override async ValueTask<SearchPage> SearchAsync(
        MessageQuery query, IReadOnlyList<long> rooms, IReadOnlyList<long> exceptRooms, CancellationToken cancellationToken)
    {
        await SearchIndexer.IndexBeforeSearchAsync(this, cancellationToken);
        var expression = SearchIndex.CreateExpression(query, rooms, exceptRooms);
        return await TranslateAsync("the search index", _search.SearchAsync(expression, query.After, query.Before, query.Limit, IsHidden, cancellationToken));
    }

    private async ValueTask<T> TranslateAsync<T>(string what, ValueTask<T> read)
    {
        try
        {
            return await read;
        }
        catch (Exception fault) when (fault is SqliteException or StorageException or ArgumentOutOfRangeException)
        {
            throw _faults.Report(what, fault switch
            {
                SqliteException known => SqliteError.Translate(known, File),
                ArgumentOutOfRangeException known => SqliteError.Translate(known, File),
                _ => (StorageException)fault,
            });
        }
    }

    internal override ValueTask<long> GetUsedBytesAsync(CancellationToken cancellationToken) =>
        ReadAsync("the size of the database", reader => SqliteDatabase.GetUsedBytes(reader.Connection), cancellationToken);
}
