using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using RawSocketChat.Server.Logging;

namespace RawSocketChat.Server.Sockets;

/// <summary>Accepts connections at one address. Kestrel asks for one connection at a time.</summary>
internal sealed class SocketListener(Socket listenSocket, SocketTransport transport) : IConnectionListener
{
    /// <summary>
    /// The delay between a failed accept and the next attempt, because the cause of the failure may last (for example, no file descriptor
    /// is free). During the delay, new connections wait in the backlog.
    /// </summary>
    internal static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>The minimum time between two log lines of one kind.</summary>
    internal static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _unbound = new();
    private readonly LogLimit _acceptLog = new(transport.Time, burst: 1, LogInterval);
    private readonly LogLimit _watchLog = new(transport.Time, burst: 1, LogInterval);

    public EndPoint EndPoint { get; } = listenSocket.LocalEndPoint!;

    /// <summary>Accepts a socket. Tests replace this function.</summary>
    internal Func<CancellationToken, ValueTask<Socket>> Accept { get; init; } = listenSocket.AcceptAsync;

    /// <returns>The next connection, or null after <see cref="UnbindAsync"/>.</returns>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(_unbound.Token, cancellationToken);
        while (!_unbound.IsCancellationRequested)
        {
            try
            {
                var socket = await Accept(waiting.Token);
                if (!transport.Connections.TryAcquire())
                    socket.Dispose();
                else if (StartConnection(socket) is { } connection)
                    return connection;
            }
            catch (Exception fault) when (_unbound.IsCancellationRequested && fault is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                break;
            }
            catch (SocketException fault) when (fault.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
            {
                // The peer has closed its connection before the server accepted it. Accept the next connection.
            }
            catch (SocketException fault)
            {
                await DelayRetryAsync(fault, waiting.Token);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _unbound.Cancel();
        listenSocket.Dispose();
        return default;
    }

    public ValueTask DisposeAsync() => UnbindAsync();

    private async Task DelayRetryAsync(SocketException fault, CancellationToken cancellationToken)
    {
        if (_acceptLog.TryTake(out _))
            Log.AcceptFailed(transport.Logger, EndPoint, fault.SocketErrorCode, fault.Message);
        try
        {
            await Task.Delay(RetryDelay, transport.Time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The listener was unbound, or the caller cancelled.
        }
    }

    // If the connection cannot start, closes the socket and returns null.
    private SocketConnection? StartConnection(Socket socket)
    {
        var isStarted = false;
        try
        {
            if (socket.LocalEndPoint is IPEndPoint)
                socket.NoDelay = true;
            // Leave a polled socket in blocking mode: a change of the mode would make .NET allocate its state for asynchronous operations.
            if (!transport.IsPolled)
                socket.Blocking = false;
            var connection = new SocketConnection(socket, transport);
            connection.Start();
            isStarted = true;
            return connection;
        }
        catch (SocketException fault)
        {
            // Do not log other errors: they mean that the peer is already gone.
            if (fault.SocketErrorCode == SocketError.TooManyOpenSockets && _watchLog.TryTake(out var dropped))
                Log.WatchFailed(transport.Logger, dropped + 1, EndPoint, fault.Message);
            return null;
        }
        finally
        {
            if (!isStarted)
            {
                socket.Dispose();
                transport.Connections.Release();
            }
        }
    }
}
