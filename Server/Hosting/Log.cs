using System.Net;

namespace RawSocketChat.Server.Hosting;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Closed a connection of the trusted proxy {Proxy}: it did not begin with a PROXY protocol header ({Dropped} earlier such connections were not logged)")]
    public static partial void NoProxyHeader(ILogger logger, EndPoint proxy, long dropped);
}
