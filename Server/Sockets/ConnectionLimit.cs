using RawSocketChat.Server.Logging;

namespace RawSocketChat.Server.Sockets;

/// <summary>
/// The maximum number of open connections of all listeners. Without it, connections could take all file descriptors of the process, and the .NET
/// runtime ends a process that has no free descriptor. Thread-safe.
/// </summary>
internal sealed class ConnectionLimit(int max, TimeProvider time, ILogger logger)
{
    private readonly LogLimit _log = new(time, burst: 1, SocketListener.LogInterval);
    private int _count;

    /// <summary>The number of open connections.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>
    /// Counts a new connection. If the maximum is reached, returns false, and logs a warning at most once a minute. After false, the
    /// caller must close the socket, and must not call <see cref="Release"/>.
    /// </summary>
    public bool TryAcquire()
    {
        if (Interlocked.Increment(ref _count) <= max)
            return true;
        Interlocked.Decrement(ref _count);
        if (_log.TryTake(out var dropped))
            Log.ConnectionRejected(logger, max, dropped + 1);
        return false;
    }

    /// <summary>Counts a connection as closed. Call this once for each acquired connection, when its socket is closed.</summary>
    public void Release() => Interlocked.Decrement(ref _count);
}
