using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace RawSocketChat.Server.Sockets;

/// <summary>
/// The transport under Kestrel: its pipes are the socket. What is flushed is sent at once on the writer's own thread, and only what the
/// socket does not take is kept; nothing is allocated for a send, and an idle connection has no buffer.
/// </summary>
internal sealed class SocketTransport(
    SocketTransportSettings settings,
    IMemoryPoolFactory<byte> pools,
    TimeProvider time,
    ILogger<SocketTransport> logger) : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    /// <summary>What TLS and HTTP take their buffers from, as on Kestrel's own transport.</summary>
    public MemoryPool<byte> MemoryPool { get; } = pools.Create();

    public TimeProvider Time => time;

    /// <summary>Whether sockets are waited for by <see cref="SocketPoller"/>, and never by .NET.</summary>
    public bool IsPolled => settings.UsesPoller && NativeSocket.IsSupported;

    public TimeSpan DrainTimeout => settings.DrainTimeout;

    public ILogger Logger => logger;

    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    /// <exception cref="AddressInUseException">Somebody listens there.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket? socket = null;
        try
        {
            socket = settings.Listen(endpoint);
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
