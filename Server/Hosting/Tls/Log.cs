namespace RawSocketChat.Server.Hosting.Tls;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "TLS goes on with a new certificate, valid until {Until}")]
    public static partial void Renewed(ILogger logger, DateTimeOffset until);

    [LoggerMessage(2, LogLevel.Error, "TLS goes on with the old certificate, valid until {Until}: {Fault}")]
    public static partial void NotRenewed(ILogger logger, string fault, DateTimeOffset until);
}
