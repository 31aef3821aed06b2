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

    /// <summary>TLS at this address, with HTTP/2 for who speaks it and HTTP/1.1 for all others.</summary>
    /// <exception cref="SettingException">There is no certificate that can be served.</exception>
    public static void UseTls(this ListenOptions listen)
    {
        var certificate = listen.ApplicationServices.GetRequiredService<ServerCertificate>();
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        // By callback: that is what sends the issuers' certificates along, and takes another one without a restart.
        listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(certificate.ForHandshake()) });
        listen.LeaveInTime();
    }
}
