using System.Collections.Concurrent;

namespace RawSocketChat.Server.Connections;

/// <summary>All connections that stand, whatever their way in.</summary>
public sealed class ConnectionRegistry
{
    private readonly ConcurrentDictionary<Connection, byte> _connections = new();
    private volatile bool _closed;

    public int Count => _connections.Count;

    public IEnumerable<Connection> All => _connections.Keys;

    /// <summary>False once the server is leaving: the connection must not begin.</summary>
    public bool TryAdd(Connection connection)
    {
        if (_closed)
            return false;
        _connections.TryAdd(connection, 0);
        return true;
    }

    public void Remove(Connection connection) => _connections.TryRemove(connection, out _);

    /// <summary>Tells every connection that the server leaves, and lets none begin any more.</summary>
    public void CloseAll(Disconnect reason)
    {
        _closed = true;
        foreach (var connection in All)
            connection.Close(reason);
    }
}
