namespace RawSocketChat.Server.Transports.Origins;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Rejected a request to {Path} from a page of the origin {Origin}, which is not allowed ({Dropped} earlier rejections were not logged)")]
    public static partial void ForeignOriginRejected(ILogger logger, string origin, string path, long dropped);
}
