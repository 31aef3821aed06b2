namespace RawSocketChat.Server.Sessions;

// What the storage cannot do it tells the operator itself, once and not for everybody who meets it: so that is debugging here.
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "A session could not be stored; it is in memory, and will be tried again")]
    public static partial void SessionNotSaved(ILogger logger, Exception fault);

    [LoggerMessage(2, LogLevel.Debug, "The end of a session could not be stored; it will be tried again")]
    public static partial void SessionNotEnded(ILogger logger, Exception fault);

    [LoggerMessage(3, LogLevel.Debug, "Old sessions could not be forgotten; it will be tried again")]
    public static partial void NotTidied(ILogger logger, Exception fault);

    [LoggerMessage(4, LogLevel.Debug, "An account could not be stored")]
    public static partial void AccountNotSaved(ILogger logger, Exception fault);

    [LoggerMessage(5, LogLevel.Debug, "A password could not be stored by its newer hash; it will be tried again with the next login")]
    public static partial void HashNotSaved(ILogger logger, Exception fault);
}
