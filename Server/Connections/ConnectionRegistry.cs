using System.Collections.Concurrent;
using RawSocketChat.Server.Logging;

namespace RawSocketChat.Server.Connections;

/// <summary>All open connections of the server, on all transports. Thread-safe.</summary>
public sealed class ConnectionRegistry : IDisposable
{
    private readonly ConcurrentDictionary<Connection, byte> _connections = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly AddressAccounts? _accounts;
    private int _running;

    /// <param name="accounts">The accounts of the clients' addresses; null for no limit.</param>
    public ConnectionRegistry(AddressAccounts? accounts = null)
    {
        _accounts = accounts;
        Stopping = _stopping.Token;
    }

    /// <summary>Cancelled when the server begins to stop.</summary>
    public CancellationToken Stopping { get; }

    public int Count => _connections.Count;

    /// <summary>Raised when a connection or request is rejected, because its address has too few points or too many connections.</summary>
    public event Action? AddressRejected;

    /// <summary>Limits the log lines about failed handlers.</summary>
    public LogLimit FaultLog { get; } = LogLimit.CreateUsual(TimeProvider.System);

    public IEnumerable<Connection> All => _connections.Keys;

    /// <summary>
    /// Adds a connection. Returns false if the server is stopping. In that case the caller must not start the connection.
    /// </summary>
    public bool TryAdd(Connection connection)
    {
        _connections.TryAdd(connection, 0);
        if (!Stopping.IsCancellationRequested)
            return true;

        // The connection is added before this check. So if the server stops at the same time, either this check detects the stop, or CloseAll finds the connection.
        Remove(connection);
        return false;
    }

    public void Remove(Connection connection) => _connections.TryRemove(connection, out _);

    /// <summary>
    /// Opens the account of the connection's address. Returns false if the address has too few points or too many connections.
    /// </summary>
    public bool TryOpenAccount(Connection connection)
    {
        if (TryOpenAccount(connection.Remote) is not { } account)
            return false;
        connection.Account = account;
        return true;
    }

    /// <summary>
    /// Opens the account of an address, for a request that has no connection of its own. Returns null if the address has too few points or too
    /// many connections. The caller must call <see cref="CloseAccount(AddressAccount)"/>.
    /// </summary>
    /// <param name="remote">The client's address and port.</param>
    public AddressAccount? TryOpenAccount(string remote)
    {
        if (_accounts is null)
            return AddressAccount.Unlimited;
        var account = _accounts.TryOpen(remote);
        if (account is null)
            AddressRejected?.Invoke();
        return account;
    }

    /// <summary>Subtracts a connection from the open connections of its address.</summary>
    public void CloseAccount(Connection connection) => CloseAccount(connection.Account);

    /// <summary>Subtracts a request from the open connections of its address.</summary>
    public void CloseAccount(AddressAccount account) => _accounts?.Close(account);

    /// <summary>Closes all connections and accepts no new ones. An error of one connection does not affect the others.</summary>
    public void CloseAll(Disconnect reason, ILogger logger)
    {
        _stopping.Cancel();
        foreach (var connection in All)
            connection.TryClose(reason, logger);
    }

    /// <summary>
    /// Completes when the server is stopping and the last connection has ended. A connection that lingers has not ended yet.
    /// </summary>
    public Task WaitForEndAsync()
    {
        CompleteIfLast();
        return _ended.Task;
    }

    /// <summary>Counts a connection that starts to run, even if <see cref="TryAdd"/> rejects the connection later.</summary>
    internal void BeginRun() => Interlocked.Increment(ref _running);

    /// <summary>Counts a connection that has run to the end of its stream.</summary>
    internal void EndRun()
    {
        Interlocked.Decrement(ref _running);
        CompleteIfLast();
    }

    private void CompleteIfLast()
    {
        if (Stopping.IsCancellationRequested && Volatile.Read(ref _running) == 0)
            _ended.TrySetResult();
    }

    public void Dispose() => _stopping.Dispose();
}
