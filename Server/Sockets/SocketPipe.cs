using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Sockets;

/// <summary>
/// The reader and the writer of an accepted socket. Both use the socket directly. This class owns the socket and closes it.
/// </summary>
internal sealed class SocketPipe : IDetachablePipe
{
    private readonly Socket _socket;
    private readonly SocketTransport _transport;
    private readonly SocketInput _input;
    private readonly SocketOutput _output;
    private SocketConnection? _connection;
    private int _isClosed;

    public SocketPipe(Socket socket, SocketTransport transport, SocketConnection connection)
    {
        _socket = socket;
        _transport = transport;
        _connection = connection;
        _input = new SocketInput(this, socket, transport.IsPolled);
        _output = new SocketOutput(this, socket);
    }

    PipeReader IDuplexPipe.Input => _input;

    PipeWriter IDuplexPipe.Output => _output;

    internal SocketInput Input => _input;

    internal SocketOutput Output => _output;

    internal Socket Socket => _socket;

    /// <summary>The exception that the user of a pipe gets for a socket error.</summary>
    public static Exception CreateException(SocketError error) => error is SocketError.OperationAborted or SocketError.Interrupted
        ? new ConnectionAbortedException("The connection was closed by this side.")
        : new ConnectionResetException($"The connection was lost: {error}.", new SocketException((int)error));

    public void Start() => _input.Start();

    public void Detach()
    {
        _connection?.MarkDetached();
        Volatile.Write(ref _connection, null);
    }

    public void Abort() => Abort(new ConnectionAbortedException("The connection was aborted by this side."));

    /// <summary>
    /// Ends both directions immediately, and resets the connection. If the peer has shut down its sending side and no bytes wait in the output,
    /// closes the connection without a reset. The peer then still gets the bytes in the send buffer of the operating system.
    /// </summary>
    /// <param name="abortReason">The exception that the reader gets.</param>
    public void Abort(ConnectionAbortedException abortReason)
    {
        var isAbortive = !_input.HasEnded || _output.WaitingBytes > 0;
        // End the pipes before the socket is closed. Otherwise the reader would get the error of the closed socket instead of abortReason.
        _input.End(abortReason);
        _output.End();
        Close(isAbortive);
        SignalClosed();
    }

    /// <summary>
    /// Sends the waiting bytes, for at most the drain timeout, and closes the socket. Resets the connection if the timeout passes.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        _input.Complete();
        _output.Complete();
        var isDrained = true;
        try
        {
            await _output.DrainAsync().WaitAsync(_transport.DrainTimeout, _transport.Time);
        }
        catch (TimeoutException)
        {
            isDrained = false;
        }

        Close(isAbortive: !isDrained);
        _input.End(CreateException(SocketError.OperationAborted));
        _output.End();
        _input.Dispose();
        _output.Dispose();
    }

    /// <summary>The input calls this method once, when the peer has shut down its sending side or the connection is lost.</summary>
    /// <param name="fault">Null if the peer has shut down its sending side.</param>
    internal void OnInputEnded(Exception? fault)
    {
        if (fault is not null)
            _output.End();
        SignalClosed();
    }

    /// <summary>The output calls this method when a send has failed.</summary>
    internal void OnOutputFailed(Exception fault)
    {
        // Linux reports ECONNRESET to one call only. If a send gets this error, a receive at the same moment returns 0 bytes, as if the peer
        // had shut down its sending side. But after a real shutdown by the peer, a send gets EPIPE. So ECONNRESET shows that the connection
        // was reset.
        if (OperatingSystem.IsLinux() && fault.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
            _input.EndByReset(fault);
        else
            _input.End(fault);
        SignalClosed();
    }

    /// <summary>All output is sent. Shuts down the sending side; the peer may still send.</summary>
    internal void ShutdownSend()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // The connection is already lost or closed.
        }
    }

    private void SignalClosed() => Volatile.Read(ref _connection)?.SignalClosed();

    private void Close(bool isAbortive)
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return;
        if (isAbortive)
        {
            // Close with a timeout of 0 sends a reset.
            _socket.Close(timeout: 0);
        }
        else
        {
            try
            {
                _socket.Shutdown(SocketShutdown.Both);
            }
            catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
            {
                // The peer has closed the connection first.
            }

            _socket.Dispose();
        }

        _transport.Connections.Release();
    }
}
