using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Server.Sockets;

/// <summary>Settings of <see cref="SocketTransport"/>. The composition root sets them; they are not bound to the configuration.</summary>
public sealed class SocketTransportSettings
{
    /// <summary>
    /// Creates a socket that is bound to an address and does not listen yet. Accepted sockets inherit the options of this socket.
    /// </summary>
    public required Func<EndPoint, Socket> BindSocket { get; init; }

    /// <summary>
    /// The time in which a closing connection must send its waiting bytes. After this time the connection is reset. Default 30 s.
    /// </summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether the server waits for input with epoll instead of .NET's sockets, which saves memory. Has no effect on systems without epoll.
    /// Default true.
    /// </summary>
    public bool UsesPoller { get; init; } = true;

    /// <summary>
    /// The maximum number of open connections of all listeners. The listeners close further connections immediately. Default: no maximum.
    /// </summary>
    public int MaxConnections { get; init; } = int.MaxValue;

    /// <summary>Connections that may wait until they are accepted. Default 512, as in Kestrel's own transport.</summary>
    public int Backlog { get; init; } = 512;
}
