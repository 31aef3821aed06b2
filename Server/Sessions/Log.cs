namespace RawSocketChat.Server.Sessions;

// The storage logs each of its failures once, for the operator. So the sessions and accounts that a failure affects are logged only at
// debug level.
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "The server could not store a session. The session is in memory, and the server retries")]
    public static partial void SessionNotSaved(ILogger logger, Exception fault);

    [LoggerMessage(2, LogLevel.Debug, "The server could not store the end of a session. It retries")]
    public static partial void SessionNotEnded(ILogger logger, Exception fault);

    [LoggerMessage(3, LogLevel.Debug, "The server could not remove expired sessions. It retries")]
    public static partial void CleanupFailed(ILogger logger, Exception fault);

    [LoggerMessage(4, LogLevel.Debug, "The server could not store an account")]
    public static partial void AccountNotSaved(ILogger logger, Exception fault);

    [LoggerMessage(5, LogLevel.Debug, "The server could not store a new password hash")]
    public static partial void HashNotSaved(ILogger logger, Exception fault);

    [LoggerMessage(6, LogLevel.Debug, "The server could not look up registered names")]
    public static partial void NamesNotRead(ILogger logger, Exception fault);

    [LoggerMessage(7, LogLevel.Debug, "The server could not look up an account")]
    public static partial void AccountNotRead(ILogger logger, Exception fault);
}
