namespace RawSocketChat.Server.Storage.Postgres;

internal static partial class Log
{
    [LoggerMessage(20, LogLevel.Warning, "The connection to {Database} broke during a commit. The server connects again and checks whether the commit is stored")]
    public static partial void OutcomeUnknown(ILogger logger, string database);

    [LoggerMessage(21, LogLevel.Critical, "{Reason}. The server stops. When it starts again, the clients read the changed logs from the beginning")]
    public static partial void CommitsLost(ILogger logger, string reason);

    [LoggerMessage(22, LogLevel.Warning, "The connection that receives the announcements of other servers is broken: {Reason}. Until it works again, the messages of other servers arrive up to a second later")]
    public static partial void AnnouncementsBroken(ILogger logger, string reason);

    [LoggerMessage(23, LogLevel.Debug, "An announcement to the other servers failed")]
    public static partial void NotAnnounced(ILogger logger, Exception fault);

    [LoggerMessage(24, LogLevel.Error, "The server could not handle an announcement of another server")]
    public static partial void NoticeFailed(ILogger logger, Exception fault);

    [LoggerMessage(25, LogLevel.Error, "A background task that works with the other servers failed")]
    public static partial void TaskFailed(ILogger logger, Exception fault);
}
