using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Server.Sockets;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "What was to happen at the end of a connection failed")]
    public static partial void ClosedCallbackFailed(ILogger logger, Exception fault);

    [LoggerMessage(2, LogLevel.Warning, "No connection can be accepted at {Address}: {Error} ({Reason}). It is tried again and again")]
    public static partial void AcceptFailed(ILogger logger, EndPoint address, SocketError error, string reason);
}
