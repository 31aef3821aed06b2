using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace RawSocketChat.Server.Hosting;

/// <summary>
/// How slowly a response may be read. To Kestrel a stream of HTTP/2 whose window is used up is read too slowly, and after
/// some seconds it ends the whole connection: one WebSocket that is not read would take all others of its browser with it.
/// That can be let be for the whole server alone; so the server asks for no rate, and each request over HTTP/1.1 does.
/// </summary>
public static class ResponseRate
{
    /// <summary>Kestrel's own default: 240 bytes a second, from 5 s on.</summary>
    private static readonly MinDataRate Slowest = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));

    public static void LeaveToEachRequest(this KestrelServerLimits limits) => limits.MinResponseDataRate = null;

    public static IApplicationBuilder UseResponseRate(this IApplicationBuilder app) => app.Use(next => context =>
    {
        // HTTP/2 has no such feature: what is not read there costs its own window, and the connection's keep-alive finds who is gone.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = Slowest;
        return next(context);
    });
}
