namespace RawSocketChat.Server.SingleSignOn;

// No line may contain the client's secret, a code or a token.
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "A login with the provider of Auth:Oidc:Authority failed: {Reason} ({Dropped} earlier failures were not logged)")]
    public static partial void LoginFailed(ILogger logger, string reason, long dropped);

    [LoggerMessage(2, LogLevel.Warning, "A browser that uses https cannot log in, because a proxy does not report https. Set Proxies:Trusted and let the proxy send X-Forwarded-Proto, or set Auth:Oidc:PublicOrigin ({Dropped} earlier failures were not logged)")]
    public static partial void TlsHidden(ILogger logger, long dropped);
}
