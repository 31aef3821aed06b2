using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace RawSocketChat.Server.Sockets;

/// <summary>
/// An accepted connection as Kestrel needs it: with features, with items, and with a token that is cancelled when the connection ends. Only
/// HTTP uses these parts. A transport that needs only the bytes detaches the <see cref="SocketPipe"/>, and then the garbage collector frees
/// this object.
/// </summary>
internal sealed class SocketConnection
    : ConnectionContext,
        IThreadPoolWorkItem,
        IConnectionEndPointFeature,
        IConnectionIdFeature,
        IConnectionItemsFeature,
        IConnectionLifetimeFeature,
        IConnectionSocketFeature,
        IConnectionTransportFeature,
        IMemoryPoolFeature
{
    private static long AcceptedCount;

    private readonly SocketPipe _pipe;
    private readonly SocketTransport _transport;
    private readonly CancellationTokenSource _closed = new();
    private IDictionary<object, object?>? _items;
    private string? _id;
    private int _isClosedSignalled;
    private bool _isDetached;

    public SocketConnection(Socket socket, SocketTransport transport)
    {
        _transport = transport;
        _pipe = new SocketPipe(socket, transport, this);
        Features = new SocketConnectionFeatures(this);
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        Transport = _pipe;
    }

    public override IFeatureCollection Features { get; }

    public override string ConnectionId
    {
        get => _id ??= $"S{Interlocked.Increment(ref AcceptedCount):X8}";
        set => _id = value;
    }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    /// <summary>
    /// Cancelled when the peer shuts down its sending side, when the connection is lost, or when this side closes the connection. The first
    /// two events are detected even if no read is pending, unless the peer has sent more than the input receives in advance
    /// (<see cref="SocketInput.ReadAheadBytes"/>). Never cancelled after the pipe is detached.
    /// </summary>
    public override CancellationToken ConnectionClosed { get; set; }

    public override IDuplexPipe Transport { get; set; }

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public Socket Socket => _pipe.Socket;

    public MemoryPool<byte> MemoryPool => _transport.MemoryPool;

    internal SocketPipe Pipe => _pipe;

    public void Start() => _pipe.Start();

    /// <summary>
    /// Aborts the connection (see <see cref="SocketPipe.Abort(ConnectionAbortedException)"/>). Does nothing after the pipe is detached.
    /// </summary>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (!Volatile.Read(ref _isDetached))
            _pipe.Abort(abortReason);
    }

    /// <summary>
    /// Sends the waiting bytes, for at most the drain timeout, and closes the socket. Does nothing after the pipe is detached: the new owner of
    /// the pipe must do this.
    /// </summary>
    public override async ValueTask DisposeAsync()
    {
        if (!Volatile.Read(ref _isDetached))
        {
            await _pipe.DisposeAsync();
            if (Interlocked.Exchange(ref _isClosedSignalled, 1) == 0)
                CancelClosedToken();
        }

        await base.DisposeAsync();
    }

    internal void MarkDetached() => Volatile.Write(ref _isDetached, true);

    internal void SignalClosed()
    {
        // The callbacks of the token run on the thread pool, so they cannot delay the thread that sends or receives.
        if (Interlocked.Exchange(ref _isClosedSignalled, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute() => CancelClosedToken();

    private void CancelClosedToken()
    {
        try
        {
            _closed.Cancel();
        }
#pragma warning disable CA1031 // other code registers the callbacks, and an exception on a pool thread would end the process
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.ClosedCallbackFailed(_transport.Logger, fault);
        }
    }
}
