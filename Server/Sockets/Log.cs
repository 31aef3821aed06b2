using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Server.Sockets;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "A callback of a connection's ConnectionClosed token failed")]
    public static partial void ClosedCallbackFailed(ILogger logger, Exception fault);

    [LoggerMessage(2, LogLevel.Warning, "The server cannot accept connections at {Address}: {Error} ({Reason}). It retries until it succeeds")]
    public static partial void AcceptFailed(ILogger logger, EndPoint address, SocketError error, string reason);

    [LoggerMessage(3, LogLevel.Warning, "The server has closed {Count} new connections at {Address}, because the system cannot watch more sockets: {Reason}")]
    public static partial void WatchFailed(ILogger logger, long count, EndPoint address, string reason);

    [LoggerMessage(4, LogLevel.Warning, "The maximum of {Max} open connections is reached (Transport:Connections, ulimit -n). The server closes new connections until others end, and has closed {Count}")]
    public static partial void ConnectionRejected(ILogger logger, int max, long count);
}
