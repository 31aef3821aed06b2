using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace RawSocketChat.Server.Sockets;

/// <summary>
/// A transport for Kestrel whose pipes read and write the socket directly. A flush sends immediately, on the writer's own thread. Only bytes that the
/// socket does not accept are copied. A send allocates nothing, and an idle connection has no buffer. For measurements against Kestrel's own
/// transport, see Tests/Benchmarks/README.md, "Log", "Broadcast" and "Memory per connection".
/// </summary>
internal sealed class SocketTransport(
    SocketTransportSettings settings,
    IMemoryPoolFactory<byte> pools,
    TimeProvider time,
    ILogger<SocketTransport> logger) : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    /// <summary>The pool from which TLS and HTTP take their buffers, as with Kestrel's own transport.</summary>
    public MemoryPool<byte> MemoryPool { get; } = pools.Create();

    public TimeProvider Time => time;

    /// <summary>True if <see cref="SocketPoller"/> waits for input; false if .NET does.</summary>
    public bool IsPolled => settings.UsesPoller && NativeSocket.IsSupported;

    /// <summary>Counts the open connections of all listeners.</summary>
    public ConnectionLimit Connections { get; } = new(settings.MaxConnections, time, logger);

    public TimeSpan DrainTimeout => settings.DrainTimeout;

    public ILogger Logger => logger;

    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint or UnixDomainSocketEndPoint;

    /// <exception cref="AddressInUseException">Another socket already listens at the address.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket? socket = null;
        try
        {
            socket = settings.BindSocket(endpoint);
            socket.Listen(settings.Backlog);
            return new(new SocketListener(socket, this));
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            socket?.Dispose();
            throw new AddressInUseException(fault.Message, fault);
        }
        catch
        {
            socket?.Dispose();
            throw;
        }
    }

    public void Dispose() => MemoryPool.Dispose();
}
