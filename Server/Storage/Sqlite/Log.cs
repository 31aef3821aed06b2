namespace RawSocketChat.Server.Storage.Sqlite;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "Nothing can be stored at the moment: {Reason}. Messages are refused as unavailable until it can")]
    public static partial void CannotWrite(ILogger logger, Exception? fault, string reason);

    [LoggerMessage(4, LogLevel.Error, "What was stored cannot be put in its place at the moment: {Reason}. It is kept, and tried again")]
    public static partial void CannotSettle(ILogger logger, Exception? fault, string reason);

    [LoggerMessage(7, LogLevel.Information, "The database is brought to a new format: {Done} events so far, {Left} to go. It may be interrupted; the next start goes on")]
    public static partial void Converting(ILogger logger, long done, long left);

    [LoggerMessage(5, LogLevel.Error, "Something of {What} cannot be read: {Reason}. Who asks for it is refused; this is told once")]
    public static partial void CannotRead(ILogger logger, Exception? fault, string what, string reason);

    [LoggerMessage(2, LogLevel.Information, "What comes is stored again")]
    public static partial void WritesAgain(ILogger logger);

    [LoggerMessage(3, LogLevel.Error, "Old events of room {Room} could not be trimmed")]
    public static partial void TrimFailed(ILogger logger, Exception fault, string room);

    [LoggerMessage(6, LogLevel.Warning, "What was kept of forgotten guests could not be deleted")]
    public static partial void StrangersKept(ILogger logger, Exception fault);
}
