using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace RawSocketChat.Server.Hosting.Tls;

public static class TlsSetup
{
    public static IServiceCollection AddTls(this IServiceCollection services)
    {
        services.AddOptions<TlsOptions>().BindConfiguration(TlsOptions.Section);
        services.AddSingleton<ServerCertificate>();
        return services;
    }

    /// <summary>Enables TLS at this address, with HTTP/2 for clients that support HTTP/2, and HTTP/1.1 for all other clients.</summary>
    /// <exception cref="SettingException">The certificate cannot be used.</exception>
    public static void UseTls(this ListenOptions listen)
    {
        var certificate = listen.ApplicationServices.GetRequiredService<ServerCertificate>();
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        // Use a callback, because it can also send the issuers' certificates, and can change the certificate without a restart.
        listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(certificate.CreateHandshakeOptions()) });
        listen.UseHttp2ShutdownTimeout();
    }
}
