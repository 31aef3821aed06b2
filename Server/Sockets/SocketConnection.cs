using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace RawSocketChat.Server.Sockets;

/// <summary>
/// An accepted connection as Kestrel keeps it: its features, its items, the token of its end. All of that belongs to HTTP; who needs no
/// more than the bytes detaches the <see cref="SocketPipe"/> and lets this go.
/// </summary>
internal sealed partial class SocketConnection : ConnectionContext, IThreadPoolWorkItem
{
    private static long Accepted;

    private readonly SocketPipe _pipe;
    private readonly SocketTransport _transport;
    private readonly CancellationTokenSource _closed = new();
    private IDictionary<object, object?>? _items;
    private string? _id;
    private int _closedTold;
    private bool _isDetached;

    public SocketConnection(Socket socket, SocketTransport transport)
    {
        _transport = transport;
        _pipe = new SocketPipe(socket, transport, this);
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        Transport = _pipe;
    }

    public override string ConnectionId
    {
        get => _id ??= $"S{Interlocked.Increment(ref Accepted):X8}";
        set => _id = value;
    }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    /// <summary>Cancelled once the peer has ended its side or is gone, whether anybody reads or not, or this side has closed. Not cancelled any more once the pipe was detached.</summary>
    public override CancellationToken ConnectionClosed { get; set; }

    public override IDuplexPipe Transport { get; set; }

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    internal SocketPipe Pipe => _pipe;

    public void Start() => _pipe.Start();

    /// <inheritdoc cref="SocketPipe.Abort(ConnectionAbortedException)"/>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (!Volatile.Read(ref _isDetached))
            _pipe.Abort(abortReason);
    }

    /// <summary>Lets what waits go, for a bounded time, and closes the socket. Of a pipe that was detached it does nothing.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (!Volatile.Read(ref _isDetached))
        {
            await _pipe.DisposeAsync();
            if (Interlocked.Exchange(ref _closedTold, 1) == 0)
                Cancel();
        }

        await base.DisposeAsync();
    }

    internal void Detached() => Volatile.Write(ref _isDetached, true);

    internal void TellClosed()
    {
        // What others have hung on it must not run on a thread that sends or receives.
        if (Interlocked.Exchange(ref _closedTold, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute() => Cancel();

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
}
