namespace RawSocketChat.Server.Transports.Origins;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Refused a page of the foreign origin {Origin} at {Path}")]
    public static partial void ForeignOrigin(ILogger logger, string origin, string path);
}
