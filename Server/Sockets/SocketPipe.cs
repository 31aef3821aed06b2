using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Sockets;

/// <summary>One accepted socket as two pipes that are the socket itself, and how it ends.</summary>
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

    /// <summary>What a socket's error means to who reads or writes the pipes.</summary>
    public static Exception FaultOf(SocketError error) => error is SocketError.OperationAborted or SocketError.Interrupted
        ? new ConnectionAbortedException("The connection was closed by this side.")
        : new ConnectionResetException($"The connection was lost: {error}.", new SocketException((int)error));

    public void Start() => _input.Start();

    public void Detach()
    {
        _connection?.Detached();
        Volatile.Write(ref _connection, null);
    }

    public void Abort() => Abort(new ConnectionAbortedException("The connection was aborted by this side."));

    /// <summary>Ends both sides at once. The peer is told by a reset, save where it has ended its own side and nothing more waits for it: what it was sent may then still arrive.</summary>
    public void Abort(ConnectionAbortedException abortReason)
    {
        var isAbortive = !_input.HasEnded || _output.WaitingBytes > 0;
        // Before the socket's own end, which is told without a reason.
        _input.End(abortReason);
        _output.End();
        Close(isAbortive);
        TellClosed();
    }

    /// <summary>Lets what waits go, for a bounded time, and closes the socket.</summary>
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
        _input.End(FaultOf(SocketError.OperationAborted));
        _output.End();
        _input.Dispose();
        _output.Dispose();
    }

    /// <summary>The peer has ended its side (null), or the connection is lost.</summary>
    internal void InputEnded(Exception? fault)
    {
        if (fault is not null)
            _output.End();
        TellClosed();
    }

    internal void OutputFailed(Exception fault)
    {
        _input.End(fault);
        TellClosed();
    }

    /// <summary>All was sent that ever will be: the peer is told so, and may still be read.</summary>
    internal void EndOutput()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // Nobody is there to be told.
        }
    }

    private void TellClosed() => Volatile.Read(ref _connection)?.TellClosed();

    private void Close(bool isAbortive)
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return;
        if (isAbortive)
        {
            _socket.Close(timeout: 0);
            return;
        }

        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // The peer was faster.
        }

        _socket.Dispose();
    }
}
