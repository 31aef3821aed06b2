namespace RawSocketChat.Server.Rooms;

// The storage logs each of its failures once, for the operator. So a request that fails because of the storage is logged only at debug level.
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "{Command} failed in room {Room}; the room continues")]
    public static partial void CommandFailed(ILogger logger, Exception fault, string command, string room);

    [LoggerMessage(2, LogLevel.Error, "{Count} messages of room {Room} could not be stored")]
    public static partial void NotStored(ILogger logger, Exception fault, string room, int count);

    [LoggerMessage(3, LogLevel.Error, "Catching up in room {Room} failed; the connection is closed")]
    public static partial void CatchUpFailed(ILogger logger, Exception fault, string room);

    [LoggerMessage(4, LogLevel.Debug, "A session could not be looked up")]
    public static partial void SessionNotRead(ILogger logger, Exception fault);

    [LoggerMessage(5, LogLevel.Debug, "A session could not be ended; it stays valid")]
    public static partial void SessionNotEnded(ILogger logger, Exception fault);

    [LoggerMessage(7, LogLevel.Debug, "The rooms of a user could not be looked up")]
    public static partial void MembershipsNotRead(ILogger logger, Exception fault);

    [LoggerMessage(8, LogLevel.Debug, "A membership in room {Room} could not be stored")]
    public static partial void MembershipNotStored(ILogger logger, Exception fault, string room);

    [LoggerMessage(9, LogLevel.Debug, "The empty room {Room} could not be removed; the server tries again in a minute")]
    public static partial void RoomNotRemoved(ILogger logger, Exception fault, string room);

    [LoggerMessage(10, LogLevel.Error, "The cleanup of rooms failed; the server tries again in a minute")]
    public static partial void MaintenanceFailed(ILogger logger, Exception fault);

    [LoggerMessage(11, LogLevel.Error, "An announcement of another server could not be handled")]
    public static partial void NoticeFailed(ILogger logger, Exception fault);
}
