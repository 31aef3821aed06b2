namespace RawSocketChat.Server.Webhooks;

// The address of a webhook may contain a secret, so no line contains it.
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "The delivery of the webhook of room {Room} failed; the server tries again in {Seconds} s")]
    public static partial void DeliveryFailed(ILogger logger, Exception fault, string room, double seconds);

    [LoggerMessage(2, LogLevel.Debug, "The webhooks could not be read or stored; the server tries again")]
    public static partial void NotStored(ILogger logger, Exception fault);
}
