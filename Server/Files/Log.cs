namespace RawSocketChat.Server.Files;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "An uploaded file could not be stored: {Reason} ({Dropped} earlier uploads were not logged)")]
    public static partial void CannotStoreFile(ILogger logger, Exception fault, string reason, long dropped);

    [LoggerMessage(2, LogLevel.Error, "The server could not remove unused files. It tries again in a minute")]
    public static partial void MaintenanceFailed(ILogger logger, Exception fault);

    [LoggerMessage(3, LogLevel.Error, "The content {Hash} of a file is missing in the data folder; run the \"check\" command for details ({Dropped} earlier requests were not logged)")]
    public static partial void ContentMissing(ILogger logger, string hash, long dropped);

    [LoggerMessage(4, LogLevel.Warning, "An uploaded image has no preview: {Reason} ({Dropped} earlier images were not logged)")]
    public static partial void NoPreview(ILogger logger, string reason, long dropped);
}
