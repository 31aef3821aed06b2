using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Hosting.Tls;

/// <summary>
/// Ends the connections of HTTP/2 when the server leaves. Kestrel asks their peers to go (GOAWAY), but from then on looks at
/// a connection only when its peer sends something; one that stays and is silent would hold the server up until its patience
/// ends. So whoever is still there a second after the last WebSocket had to be gone is let go of.
/// </summary>
public static class Http2Leave
{
    public static void LeaveInTime(this ListenOptions listen)
    {
        var services = listen.ApplicationServices;
        var lifetime = services.GetRequiredService<IHostApplicationLifetime>();
        var time = services.GetRequiredService<TimeProvider>();
        var patience = TimeSpan.FromSeconds(services.GetRequiredService<IOptions<ConnectionOptions>>().Value.LingerSeconds + 1);
        listen.Use(next => async connection =>
        {
            if (!IsHttp2(connection))
            {
                await next(connection);
                return;
            }

            await using var end = time.CreateTimer(_ => connection.Abort(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            await using var leaving = lifetime.ApplicationStopping.Register(() => end.Change(patience, Timeout.InfiniteTimeSpan));
            await next(connection);
        });
    }

    private static bool IsHttp2(ConnectionContext connection) =>
        connection.Features.Get<ISslStreamFeature>()?.SslStream.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2;
}
