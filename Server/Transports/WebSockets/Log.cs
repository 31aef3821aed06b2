namespace RawSocketChat.Server.Transports.WebSockets;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Refused a WebSocket from the foreign origin {Origin}")]
    public static partial void ForeignOrigin(ILogger logger, string origin);
}
