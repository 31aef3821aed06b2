using System.Threading.Channels;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>A few connections that read, beside the one that writes and beside one another. Whoever reads waits for a free one.</summary>
internal sealed class Readers : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Channel<Reader> _free;
    private readonly List<Reader> _all = [];

    public Readers(string file, int count)
    {
        _free = Channel.CreateBounded<Reader>(count);
        for (var i = 0; i < count; i++)
        {
            var reader = new Reader(file);
            _all.Add(reader);
            _free.Writer.TryWrite(reader);
        }
    }

    /// <exception cref="StorageException">It cannot be read.</exception>
    public async ValueTask<T> ReadAsync<T>(Func<Reader, T> read, CancellationToken cancellationToken)
    {
        Reader reader;
        try
        {
            reader = await _free.Reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException fault)
        {
            throw new StorageException("the server is going down", fault);
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

    /// <summary>Waits for those who still read, for a bounded time.</summary>
    public void Dispose()
    {
        for (var taken = 0; taken < _all.Count && _free.Reader.WaitToReadAsync().AsTask() is var free && free.Wait(Patience) && free.Result; taken++)
            _free.Reader.TryRead(out _);

        _free.Writer.TryComplete();
        foreach (var reader in _all)
            reader.Dispose();
    }
}
