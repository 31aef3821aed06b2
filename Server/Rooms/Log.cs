namespace RawSocketChat.Server.Rooms;

// What the storage cannot do it tells the operator itself, once and not for everybody who meets it: so that is debugging here.
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "{Command} failed in room {Room}; the room goes on")]
    public static partial void CommandFailed(ILogger logger, Exception fault, string command, string room);

    [LoggerMessage(2, LogLevel.Error, "{Count} messages of room {Room} could not be stored")]
    public static partial void NotStored(ILogger logger, Exception fault, string room, int count);

    [LoggerMessage(3, LogLevel.Error, "Catching up in room {Room} failed; the connection ends")]
    public static partial void CatchUpFailed(ILogger logger, Exception fault, string room);

    [LoggerMessage(4, LogLevel.Debug, "A session could not be looked up")]
    public static partial void SessionNotRead(ILogger logger, Exception fault);

    [LoggerMessage(5, LogLevel.Debug, "A session could not be ended; it goes on")]
    public static partial void SessionNotEnded(ILogger logger, Exception fault);

    [LoggerMessage(7, LogLevel.Debug, "The rooms of a user could not be looked up")]
    public static partial void MembershipsNotRead(ILogger logger, Exception fault);

    [LoggerMessage(8, LogLevel.Debug, "Who belongs to room {Room} could not be stored")]
    public static partial void MembershipNotStored(ILogger logger, Exception fault, string room);
}
