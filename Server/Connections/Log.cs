namespace RawSocketChat.Server.Connections;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "The handler of the {Transport} connection from {Remote} failed; the connection is closed ({Dropped} earlier failures were not logged)")]
    public static partial void HandlerFailed(ILogger logger, Exception fault, string transport, string remote, long dropped);

    [LoggerMessage(2, LogLevel.Error, "The timeouts of the {Transport} connection from {Remote} could not be checked; the connection is closed")]
    public static partial void CheckFailed(ILogger logger, Exception fault, string transport, string remote);

    [LoggerMessage(3, LogLevel.Error, "The {Transport} connection from {Remote} could not be closed cleanly")]
    public static partial void CloseFailed(ILogger logger, Exception fault, string transport, string remote);
}
