using System.Threading.Channels;
using Npgsql;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>
/// A few connections that can read at the same time. A read waits until one of them is free. The first read that needs a connection opens
/// it. If a connection breaks, for example because another server became the primary, the read is repeated with a new connection.
/// </summary>
internal sealed class PostgresReaders : IDisposable
{
    // There are more connections than with SQLite, because a read also waits for the network.
    private const int Count = 4;

    private static readonly TimeSpan DisposeTimeout = TimeSpan.FromSeconds(2);

    private readonly PostgresDatabase _database;
    private readonly Channel<StorageReader?> _free = Channel.CreateBounded<StorageReader?>(Count);

    public PostgresReaders(PostgresDatabase database)
    {
        _database = database;
        for (var i = 0; i < Count; i++)
            _free.Writer.TryWrite(null);
    }

    public async ValueTask<T> ReadAsync<T>(Func<StorageReader, T> read, CancellationToken cancellationToken)
    {
        StorageReader? reader;
        try
        {
            reader = await _free.Reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException fault)
        {
            throw new StorageException("the server is stopping", fault);
        }

        try
        {
            return await Task.Run(() => Read(read, ref reader), CancellationToken.None);
        }
        finally
        {
            if (!_free.Writer.TryWrite(reader))
                reader?.Dispose();
        }
    }

    /// <summary>Waits for the running reads, for a limited time, and closes the connections.</summary>
    public void Dispose()
    {
        for (var taken = 0; taken < Count && _free.Reader.WaitToReadAsync().AsTask() is var free && free.Wait(DisposeTimeout) && free.Result; taken++)
        {
            if (_free.Reader.TryRead(out var reader))
                reader?.Dispose();
        }

        _free.Writer.TryComplete();
    }

    private T Read<T>(Func<StorageReader, T> read, ref StorageReader? reader)
    {
        var isNew = reader is null;
        reader ??= new StorageReader(_database.OpenForReading());
        try
        {
            return read(reader);
        }
        catch (Exception fault) when (fault is NpgsqlException or IOException or InvalidOperationException && !IsOpen(reader))
        {
            reader.Dispose();
            reader = null;
            // A fault of a new connection is an error. An older connection may have been broken for hours, so repeat the read with a new
            // connection.
            if (isNew)
                throw;
        }

        return Read(read, ref reader);
    }

    private static bool IsOpen(StorageReader reader) => ((NpgsqlConnection)reader.Connection).State == System.Data.ConnectionState.Open;
}
