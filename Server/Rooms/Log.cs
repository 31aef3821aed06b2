namespace RawSocketChat.Server.Rooms;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "{Command} failed in room {Room}; the room goes on")]
    public static partial void CommandFailed(ILogger logger, Exception fault, string command, string room);

    [LoggerMessage(2, LogLevel.Error, "{Count} messages of room {Room} could not be stored")]
    public static partial void NotStored(ILogger logger, Exception fault, string room, int count);

    [LoggerMessage(3, LogLevel.Error, "Catching up in room {Room} failed; the connection ends")]
    public static partial void CatchUpFailed(ILogger logger, Exception fault, string room);

    [LoggerMessage(4, LogLevel.Error, "A session could not be looked up")]
    public static partial void SessionNotRead(ILogger logger, Exception fault);

    [LoggerMessage(5, LogLevel.Error, "A session could not be ended; it goes on")]
    public static partial void SessionNotEnded(ILogger logger, Exception fault);

    [LoggerMessage(7, LogLevel.Warning, "The rooms of a user could not be looked up")]
    public static partial void MembershipsNotRead(ILogger logger, Exception fault);

    [LoggerMessage(8, LogLevel.Warning, "Who belongs to room {Room} could not be stored")]
    public static partial void MembershipNotStored(ILogger logger, Exception fault, string room);

    [LoggerMessage(6, LogLevel.Error, "A {Type} could not be answered: {Reason}")]
    public static partial void Damaged(ILogger logger, string type, string reason);
}
