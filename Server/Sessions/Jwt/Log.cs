namespace RawSocketChat.Server.Sessions.Jwt;

// No line may contain a token, because a reader of the log could log in with the token.
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "The keys of Auth:Jwt:Jwks could not be read: {Reason}. The server keeps the keys that it has, and reads again in a minute at the earliest")]
    public static partial void KeysNotRead(ILogger logger, string reason);
}
