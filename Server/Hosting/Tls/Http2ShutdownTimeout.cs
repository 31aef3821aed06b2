using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Hosting.Tls;

/// <summary>
/// When the server shuts down, aborts HTTP/2 connections that are still open one second after the linger timeout. Kestrel sends GOAWAY, but
/// after that Kestrel checks a connection only when the peer sends something. So a silent peer would delay the shutdown until the host's
/// shutdown timeout.
/// </summary>
public static class Http2ShutdownTimeout
{
    /// <summary>Adds the timeout to this address.</summary>
    public static void UseHttp2ShutdownTimeout(this ListenOptions listen)
    {
        var services = listen.ApplicationServices;
        var lifetime = services.GetRequiredService<IHostApplicationLifetime>();
        var time = services.GetRequiredService<TimeProvider>();
        var timeout = TimeSpan.FromSeconds(services.GetRequiredService<IOptions<ConnectionOptions>>().Value.LingerSeconds + 1);
        listen.Use(next => async connection =>
        {
            if (!IsHttp2(connection))
            {
                await next(connection);
                return;
            }

            await using var abort = time.CreateTimer(_ => connection.Abort(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            await using var stopping = lifetime.ApplicationStopping.Register(() => abort.Change(timeout, Timeout.InfiniteTimeSpan));
            await next(connection);
        });
    }

    private static bool IsHttp2(ConnectionContext connection) =>
        connection.Features.Get<ISslStreamFeature>()?.SslStream.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2;
}
