using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace RawSocketChat.Server.Sockets;

/// <summary>One accepted socket as Kestrel sees a connection: two pipes that are the socket itself, and how it ends.</summary>
internal sealed partial class SocketConnection : ConnectionContext, IDuplexPipe, IThreadPoolWorkItem
{
    private static long Accepted;

    private readonly Socket _socket;
    private readonly SocketTransport _transport;
    private readonly SocketInput _input;
    private readonly SocketOutput _output;
    private readonly CancellationTokenSource _closed = new();
    private IDictionary<object, object?>? _items;
    private string? _id;
    private int _isClosed;
    private int _closedTold;

    public SocketConnection(Socket socket, SocketTransport transport)
    {
        _socket = socket;
        _transport = transport;
        _input = new SocketInput(this, socket);
        _output = new SocketOutput(this, socket);
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        Transport = this;
    }

    public override string ConnectionId
    {
        get => _id ??= $"S{Interlocked.Increment(ref Accepted):X8}";
        set => _id = value;
    }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    /// <summary>Cancelled once the peer has ended its side or is gone, whether anybody reads or not, or this side has closed.</summary>
    public override CancellationToken ConnectionClosed { get; set; }

    public override IDuplexPipe Transport { get; set; }

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    internal SocketInput Input => _input;

    internal SocketOutput Output => _output;

    PipeReader IDuplexPipe.Input => _input;

    PipeWriter IDuplexPipe.Output => _output;

    /// <summary>What a socket's error means to who reads or writes the pipes.</summary>
    public static Exception FaultOf(SocketError error) => error is SocketError.OperationAborted or SocketError.Interrupted
        ? new ConnectionAbortedException("The connection was closed by this side.")
        : new ConnectionResetException($"The connection was lost: {error}.", new SocketException((int)error));

    public void Start() => _input.Start();

    /// <summary>Ends both sides at once. The peer is told by a reset, save where it has ended its own side and nothing more waits for it: what it was sent may then still arrive.</summary>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        var isAbortive = !_input.HasEnded || _output.WaitingBytes > 0;
        // Before the socket's own end, which is told without a reason.
        _input.End(abortReason);
        _output.End();
        Close(isAbortive);
        TellClosed();
    }

    /// <summary>Lets what waits go, for a bounded time, and closes the socket.</summary>
    public override async ValueTask DisposeAsync()
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
        if (Interlocked.Exchange(ref _closedTold, 1) == 0)
            Cancel();
        await base.DisposeAsync();
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

    void IThreadPoolWorkItem.Execute() => Cancel();

    private void TellClosed()
    {
        // What others have hung on it must not run on a thread that sends or receives.
        if (Interlocked.Exchange(ref _closedTold, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void Cancel()
    {
        try
        {
            _closed.Cancel();
        }
#pragma warning disable CA1031 // it is others' code, and the thread is the pool's
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.ClosedCallbackFailed(_transport.Logger, fault);
        }
    }

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
