using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Server.Sockets;

/// <summary>What the transport is told by whoever puts it under Kestrel.</summary>
public sealed class SocketTransportSettings
{
    /// <summary>Makes a socket that is bound to an address and does not listen yet; accepted ones inherit its options.</summary>
    public required Func<EndPoint, Socket> Listen { get; init; }

    /// <summary>How long a connection that has ended may take for what still waits for its peer. Default 30 s.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether connections are waited for by epoll where there is one, which costs less memory, instead of by .NET. Default true.</summary>
    public bool UsesPoller { get; init; } = true;

    /// <summary>Connections that may wait to be accepted. Default 512, as on Kestrel's own transport.</summary>
    public int Backlog { get; init; } = 512;
}
