using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace RawSocketChat.Server.Sockets;

/// <summary>Accepts connections at one address, one at a time as Kestrel asks for them.</summary>
internal sealed class SocketListener(Socket listening, SocketTransport transport) : IConnectionListener
{
    /// <summary>
    /// After a failure that the next try would meet as well, such as no file being left to open, it is tried again only so much later: until then what came waits in the backlog.
    /// </summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _unbound = new();
    private bool _isFailing;

    public EndPoint EndPoint { get; } = listening.LocalEndPoint!;

    /// <summary>The system's accept.</summary>
    internal Func<CancellationToken, ValueTask<Socket>> Accept { get; init; } = listening.AcceptAsync;

    /// <returns>The next connection; null once this is unbound.</returns>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(_unbound.Token, cancellationToken);
        while (!_unbound.IsCancellationRequested)
        {
            try
            {
                var socket = await Accept(waiting.Token);
                _isFailing = false;
                if (Begin(socket) is { } connection)
                    return connection;
            }
            catch (Exception fault) when (_unbound.IsCancellationRequested && fault is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                break;
            }
            catch (SocketException fault) when (fault.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
            {
                // It was gone before its turn came.
            }
            catch (SocketException fault)
            {
                await PauseAsync(fault, waiting.Token);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _unbound.Cancel();
        listening.Dispose();
        return default;
    }

    public ValueTask DisposeAsync() => UnbindAsync();

    private async Task PauseAsync(SocketException fault, CancellationToken cancellationToken)
    {
        if (!_isFailing)
            Log.AcceptFailed(transport.Logger, EndPoint, fault.SocketErrorCode, fault.Message);
        _isFailing = true;
        try
        {
            await Task.Delay(Pause, transport.Time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Unbound meanwhile.
        }
    }

    private SocketConnection? Begin(Socket socket)
    {
        try
        {
            if (socket.LocalEndPoint is IPEndPoint)
                socket.NoDelay = true;
            // What .NET keeps to wait for a socket, it makes already for this.
            if (!transport.IsPolled)
                socket.Blocking = false;
            var connection = new SocketConnection(socket, transport);
            connection.Start();
            return connection;
        }
        catch (SocketException)
        {
            // It was gone before it could be looked at.
            socket.Dispose();
            return null;
        }
    }
}
