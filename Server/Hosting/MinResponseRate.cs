using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace RawSocketChat.Server.Hosting;

/// <summary>
/// Sets the minimum rate at which a client must read a response, for HTTP/1.1 only. Over HTTP/2 such a limit would make Kestrel abort the whole
/// connection when the window of one stream stays full for some seconds. So one unread WebSocket would end all other WebSockets of the same browser.
/// For HTTP/2, Kestrel's limit can be turned off only for the whole server. So this class turns the limit off for the server, and turns it on again
/// for each HTTP/1.1 request.
/// </summary>
public static class MinResponseRate
{
    /// <summary>Kestrel's own default: 240 bytes per second, after the first 5 s.</summary>
    private static readonly MinDataRate Http1MinRate = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));

    /// <summary>Turns Kestrel's limit off for the whole server.</summary>
    public static void DisableServerMinResponseRate(this KestrelServerLimits limits) => limits.MinResponseDataRate = null;

    /// <summary>Turns the limit on for each HTTP/1.1 request.</summary>
    public static IApplicationBuilder UseMinResponseRate(this IApplicationBuilder app) => app.Use(next => context =>
    {
        // HTTP/2 requests do not have this feature, and need no limit: an unread stream fills only its own window, and TCP keep-alive
        // detects lost peers.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = Http1MinRate;
        return next(context);
    });
}
