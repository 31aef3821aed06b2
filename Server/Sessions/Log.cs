namespace RawSocketChat.Server.Sessions;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "A session could not be stored; it is in memory, and will be tried again")]
    public static partial void SessionNotSaved(ILogger logger, Exception fault);

    [LoggerMessage(2, LogLevel.Error, "The end of a session could not be stored; it will be tried again")]
    public static partial void SessionNotEnded(ILogger logger, Exception fault);

    [LoggerMessage(3, LogLevel.Error, "Old sessions could not be forgotten; it will be tried again")]
    public static partial void NotTidied(ILogger logger, Exception fault);

    [LoggerMessage(4, LogLevel.Error, "An account could not be stored")]
    public static partial void AccountNotSaved(ILogger logger, Exception fault);

    [LoggerMessage(5, LogLevel.Warning, "A password could not be stored by its newer hash; it will be tried again with the next login")]
    public static partial void HashNotSaved(ILogger logger, Exception fault);
}
