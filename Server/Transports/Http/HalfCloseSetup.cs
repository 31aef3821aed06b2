using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace RawSocketChat.Server.Transports.Http;

public static class HalfCloseSetup
{
    /// <summary>Answers posts at this address also to peers that have ended their side. To be called after TLS and the takeover were put there.</summary>
    public static void UseHalfClose(this ListenOptions listen) => listen.Use(http => connection => HalfClose.RunAsync(http, connection));

    /// <summary>Tells all other requests that their peer is gone once it has ended its side. To be called before anything that reads or is held.</summary>
    public static IApplicationBuilder UseHalfClose(this IApplicationBuilder app) => app.Use(next => context =>
    {
        if (context.Features.Get<HalfClose>() is not { } half)
            return next(context);
        if (HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol))
            return HttpMethods.IsPost(context.Request.Method) ? PostedAsync(half, next, context) : WantedAsync(half, next, context);
        // Of requests over HTTP/2 there are many at once; Kestrel reads that connection all the time, and finds its end by itself.
        half.SetWanted(true);
        return next(context);
    });

    private static async Task PostedAsync(HalfClose half, RequestDelegate next, HttpContext context)
    {
        half.SetPosted(true);
        await next(context);
        // Of one that was refused the body may be unread, or broken off: Kestrel reads it then.
        if (context.Response.StatusCode < StatusCodes.Status400BadRequest)
            half.SetPosted(false);
    }

    private static async Task WantedAsync(HalfClose half, RequestDelegate next, HttpContext context)
    {
        half.SetPosted(false);
        half.SetWanted(true);
        if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true })
            half.StepAside(context.Features);
        try
        {
            await next(context);
        }
        finally
        {
            half.SetWanted(false);
        }
    }
}
