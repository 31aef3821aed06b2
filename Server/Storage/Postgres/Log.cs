namespace RawSocketChat.Server.Storage.Postgres;

internal static partial class Log
{
    [LoggerMessage(20, LogLevel.Warning, "The connection to {Database} broke during a commit. The server connects again and looks whether the commit is stored")]
    public static partial void OutcomeUnknown(ILogger logger, string database);

    [LoggerMessage(21, LogLevel.Critical, "{Reason}. The server stops. When it starts again, the clients read the changed logs from the beginning")]
    public static partial void CommitsLost(ILogger logger, string reason);
}
