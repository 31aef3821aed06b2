namespace RawSocketChat.Server.Push;

// The endpoint of a subscription is a secret, because everybody who knows it can send requests to the push service. So no line of the log contains it.
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "The push messages of room {Room} could not be read")]
    public static partial void NotRead(ILogger logger, Exception fault, string room);

    [LoggerMessage(2, LogLevel.Error, "A push message could not be sent")]
    public static partial void SendingFailed(ILogger logger, Exception fault);

    [LoggerMessage(3, LogLevel.Warning, "The push service {Host} has failed {Failures} times in a row; the server sends it nothing for {Seconds} s")]
    public static partial void ServicePaused(ILogger logger, string host, int failures, double seconds);
}
