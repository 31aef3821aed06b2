namespace RawSocketChat.Server.Storage.Sql;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "The server cannot store anything at the moment: {Reason}. It rejects messages as unavailable until the problem is solved")]
    public static partial void CannotWrite(ILogger logger, Exception? fault, string reason);

    [LoggerMessage(2, LogLevel.Information, "The server can store messages again")]
    public static partial void CanWriteAgain(ILogger logger);

    [LoggerMessage(3, LogLevel.Error, "The server could not remove the old events of room {Room}. It tries again in a minute")]
    public static partial void TrimFailed(ILogger logger, Exception fault, string room);

    [LoggerMessage(5, LogLevel.Error, "The server cannot read {What}: {Reason}. It rejects requests that need the data. This line is logged at most once in ten minutes")]
    public static partial void CannotRead(ILogger logger, Exception? fault, string what, string reason);

    [LoggerMessage(6, LogLevel.Warning, "The server could not remove {What}. It tries again in a minute")]
    public static partial void NotRemoved(ILogger logger, Exception fault, string what);

    [LoggerMessage(11, LogLevel.Warning, "The clock is {Days:F1} days away from the time of the newest event or of the last check. If the clock is wrong, correct it. The server removes nothing because of its age for {Hours} hours")]
    public static partial void ClockLeapt(ILogger logger, double days, int hours);

    [LoggerMessage(8, LogLevel.Warning, "The database has {Bytes} bytes of at most {MaxBytes} (Data:MaxBytes). The server removes the oldest events of the largest rooms")]
    public static partial void TrimsToMaxBytes(ILogger logger, long bytes, long maxBytes);

    [LoggerMessage(9, LogLevel.Error, "The storage writer failed unexpectedly; it continues with the next writes")]
    public static partial void WriterFailed(ILogger logger, Exception fault);

    [LoggerMessage(10, LogLevel.Error, "Removing {What} failed unexpectedly. The server tries again in a minute")]
    public static partial void RemovalFailed(ILogger logger, Exception fault, string what);

    [LoggerMessage(7, LogLevel.Warning, "The write-ahead log has {MiB} MiB, because another program reads the database in one long transaction. If it grows to {MaxMiB} MiB, the server rejects messages. End that program")]
    public static partial void WriteAheadLogGrows(ILogger logger, long miB, long maxMiB);
}
