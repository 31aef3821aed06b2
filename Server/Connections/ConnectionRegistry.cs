using System.Collections.Concurrent;

namespace RawSocketChat.Server.Connections;

/// <summary>All connections that stand, whatever their way in.</summary>
public sealed class ConnectionRegistry : IDisposable
{
    private readonly ConcurrentDictionary<Connection, byte> _connections = new();
    private readonly CancellationTokenSource _leaving = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;

    public ConnectionRegistry() => Leaving = _leaving.Token;

    /// <summary>Cancelled once the server is leaving.</summary>
    public CancellationToken Leaving { get; }

    public int Count => _connections.Count;

    public IEnumerable<Connection> All => _connections.Keys;

    /// <summary>False once the server is leaving: the connection must not begin.</summary>
    public bool TryAdd(Connection connection)
    {
        _connections.TryAdd(connection, 0);
        if (!Leaving.IsCancellationRequested)
            return true;

        // Looked at after the adding: whom CloseAll did not find any more finds out here.
        Remove(connection);
        return false;
    }

    public void Remove(Connection connection) => _connections.TryRemove(connection, out _);

    /// <summary>Tells every connection that the server leaves, and lets none begin any more.</summary>
    public void CloseAll(Disconnect reason)
    {
        _leaving.Cancel();
        foreach (var connection in All)
            connection.Close(reason);
    }

    /// <summary>Completes when the server is leaving and no connection is left, not even one that only lingers.</summary>
    public Task EndedAsync()
    {
        EndIfLast();
        return _ended.Task;
    }

    /// <summary>A connection begins to run, whether it will be taken in or not.</summary>
    internal void Begin() => Interlocked.Increment(ref _running);

    /// <summary>It has run, to the end of its stream.</summary>
    internal void End()
    {
        Interlocked.Decrement(ref _running);
        EndIfLast();
    }

    private void EndIfLast()
    {
        if (Leaving.IsCancellationRequested && Volatile.Read(ref _running) == 0)
            _ended.TrySetResult();
    }

    public void Dispose() => _leaving.Dispose();
}
