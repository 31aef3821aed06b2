namespace RawSocketChat.Server.Storage.Sqlite;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "Nothing can be stored at the moment: {Reason}. Messages are refused as unavailable until it can")]
    public static partial void CannotWrite(ILogger logger, Exception? fault, string reason);

    [LoggerMessage(2, LogLevel.Information, "What comes is stored again")]
    public static partial void WritesAgain(ILogger logger);

    [LoggerMessage(3, LogLevel.Error, "Old events of room {Room} could not be trimmed")]
    public static partial void TrimFailed(ILogger logger, Exception fault, string room);
}
