namespace RawSocketChat.Server.Hosting.Tls;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "TLS uses a new certificate, valid until {Until}")]
    public static partial void CertificateRenewed(ILogger logger, DateTimeOffset until);

    [LoggerMessage(2, LogLevel.Error, "The new certificate cannot be used: {Fault}. TLS keeps the old one, valid until {Until}")]
    public static partial void CertificateNotRenewed(ILogger logger, string fault, DateTimeOffset until);
}
