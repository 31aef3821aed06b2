namespace RawSocketChat.Server.Connections;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "The handler of the {Way} connection from {Remote} failed; the connection ends")]
    public static partial void HandlerFailed(ILogger logger, Exception fault, string way, string remote);
}
