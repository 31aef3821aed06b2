using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RawSocketChat.Server.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

/// <summary>A connection of the transport and the peer's socket, with small system buffers between them.</summary>
internal sealed class SocketPair : IAsyncDisposable
{
    private const int SystemBuffer = 8 * 1024;

    private readonly SocketTransport _transport;
    private readonly IConnectionListener _listener;

    private SocketPair(SocketTransport transport, IConnectionListener listener, SocketConnection connection, Socket peer)
    {
        _transport = transport;
        _listener = listener;
        Connection = connection;
        Peer = peer;
    }

    public SocketConnection Connection { get; }

    public SocketInput Input => Connection.Pipe.Input;

    public SocketOutput Output => Connection.Pipe.Output;

    public Socket Peer { get; }

    public Task Closed
    {
        get
        {
            var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Connection.ConnectionClosed.Register(() => closed.TrySetResult());
            return closed.Task;
        }
    }

    public static SocketTransport MakeTransport(TimeProvider? time = null, bool isPolled = true, int maxConnections = int.MaxValue, ILogger<SocketTransport>? logger = null) => new(
        new SocketTransportSettings { BindSocket = Bind, DrainTimeout = TimeSpan.FromSeconds(7), UsesPoller = isPolled, MaxConnections = maxConnections },
        new SharedPools(),
        time ?? TimeProvider.System,
        logger ?? NullLogger<SocketTransport>.Instance);

    public static async Task<SocketPair> OpenAsync(TimeProvider? time = null, bool isPolled = true)
    {
        var transport = MakeTransport(time, isPolled);
        var listener = await transport.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var peer = new Socket(SocketType.Stream, ProtocolType.Tcp) { SendBufferSize = SystemBuffer, ReceiveBufferSize = SystemBuffer, NoDelay = true };
        await peer.ConnectAsync(listener.EndPoint);
        var connection = await listener.AcceptAsync();
        return new SocketPair(transport, listener, (SocketConnection)connection!, peer);
    }

    /// <summary>Writes until a flush does not complete immediately.</summary>
    /// <returns>The number of written bytes, and the waiting flush. Every byte is <c>x</c>.</returns>
    public async Task<(long Written, Task<FlushResult> Flush)> FillAsync()
    {
        var (written, flush) = await FillUnawaitedAsync();
        return (written, flush.AsTask());
    }

    /// <summary>
    /// Does the same as <see cref="FillAsync"/>, but does not convert the flush to a task. So a test can check immediately whether the flush
    /// is completed, without a continuation on another thread.
    /// </summary>
    public async Task<(long Written, ValueTask<FlushResult> Flush)> FillUnawaitedAsync()
    {
        for (long written = 1000; ; written += 1000)
        {
            Output.GetSpan(1000)[..1000].Fill((byte)'x');
            Output.Advance(1000);
            var flush = Output.FlushAsync();
            if (!flush.IsCompleted)
                return (written, flush);
            await flush;
        }
    }

    /// <summary>Receives at the peer until the stream ends or <paramref name="maxBytes"/> have arrived.</summary>
    public async Task<byte[]> ReceiveAsync(long maxBytes = long.MaxValue)
    {
        var all = new ArrayBufferWriter<byte>();
        while (all.WrittenCount < maxBytes)
        {
            var free = all.GetMemory(64 * 1024);
            var received = await Peer.ReceiveAsync(free[..(int)Math.Min(free.Length, maxBytes - all.WrittenCount)]).AsTask().OrFail($"more than {all.WrittenCount} bytes");
            if (received == 0)
                break;
            all.Advance(received);
        }

        return all.WrittenSpan.ToArray();
    }

    /// <summary>Closes the peer's socket with a reset, and waits until the system has delivered the reset.</summary>
    public async Task ResetFromPeerAsync()
    {
        Peer.Close(timeout: 0);
        if (!IsConnected())
            return;
        await TestWait.UntilAsync(
            () =>
            {
                if (!IsConnected())
                    return true;
                // On loopback, the reset can overtake data. The system then ignores the reset, and does not repeat it. So send a byte to
                // the closed socket: the system answers each such byte with a reset.
                try
                {
                    Connection.Socket.Send([0]);
                    return false;
                }
                catch (SocketException)
                {
                    // The reset has arrived since the check.
                    return true;
                }
            },
            "the reset of the connection");
    }

    public async ValueTask DisposeAsync()
    {
        Peer.Dispose();
        await Connection.DisposeAsync();
        await _listener.DisposeAsync();
        _transport.Dispose();
    }

    // Returns whether the state in struct tcp_info (linux/tcp.h) is TCP_ESTABLISHED or TCP_CLOSE_WAIT.
    private bool IsConnected()
    {
        try
        {
            Span<byte> info = stackalloc byte[1];
            Connection.Socket.GetRawSocketOption(optionLevel: 6, optionName: 11, info);
            return info[0] is 1 or 8;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    private static Socket Bind(EndPoint endpoint)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { SendBufferSize = SystemBuffer, ReceiveBufferSize = SystemBuffer };
        socket.Bind(endpoint);
        return socket;
    }

    private sealed class SharedPools : IMemoryPoolFactory<byte>
    {
        public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => MemoryPool<byte>.Shared;
    }
}
