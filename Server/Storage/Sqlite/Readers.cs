using System.Threading.Channels;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>A few connections that read, beside the one that writes and beside one another. Whoever reads waits for a free one.</summary>
internal sealed class Readers : IDisposable
{
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
        var reader = await _free.Reader.ReadAsync(cancellationToken);
        try
        {
            return await Task.Run(() => read(reader), CancellationToken.None);
        }
        finally
        {
            _free.Writer.TryWrite(reader);
        }
    }

    public void Dispose()
    {
        foreach (var reader in _all)
            reader.Dispose();
    }
}
