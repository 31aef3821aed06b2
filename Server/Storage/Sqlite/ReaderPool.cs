using System.Threading.Channels;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// A few connections for reads. They can read at the same time, also while the writer writes. A read waits until a connection is free.
/// </summary>
internal sealed class ReaderPool : IDisposable
{
    private static readonly TimeSpan DisposeTimeout = TimeSpan.FromSeconds(2);

    private readonly Channel<StorageReader> _free;
    private readonly List<StorageReader> _all = [];

    public ReaderPool(string file, int count)
    {
        _free = Channel.CreateBounded<StorageReader>(count);
        try
        {
            for (var i = 0; i < count; i++)
            {
                var reader = new StorageReader(SqliteDatabase.OpenForReading(file));
                _all.Add(reader);
                _free.Writer.TryWrite(reader);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public async ValueTask<T> ReadAsync<T>(Func<StorageReader, T> read, CancellationToken cancellationToken)
    {
        StorageReader reader;
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
            return await Task.Run(() => read(reader), CancellationToken.None);
        }
        finally
        {
            _free.Writer.TryWrite(reader);
        }
    }

    /// <summary>Waits for the running reads, for a limited time, and closes the connections.</summary>
    public void Dispose()
    {
        for (var taken = 0; taken < _all.Count && _free.Reader.WaitToReadAsync().AsTask() is var free && free.Wait(DisposeTimeout) && free.Result; taken++)
            _free.Reader.TryRead(out _);

        _free.Writer.TryComplete();
        foreach (var reader in _all)
            reader.Dispose();
    }
}
