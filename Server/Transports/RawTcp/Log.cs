namespace RawSocketChat.Server.Transports.RawTcp;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "The handler of the raw connection from {Remote} failed; the connection ends")]
    public static partial void HandlerFailed(ILogger logger, Exception fault, string remote);
}
