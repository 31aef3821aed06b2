using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace RawSocketChat.Server.Transports.Http;

public static class HalfCloseSetup
{
    /// <summary>
    /// Makes the server answer a request at this address even if the peer has shut down its sending side. Call this method after TLS
    /// and the connection takeover are set up.
    /// </summary>
    public static void UseHalfClose(this ListenOptions listen) => listen.Use(http => connection => HalfClose.RunAsync(http, connection));

    /// <summary>
    /// Prepares each request for <see cref="SetEndWanted"/>. For HTTP/2, Kestrel always detects immediately that the peer has shut down its sending
    /// side. Call this method before the middleware that reads bodies and answers requests.
    /// </summary>
    public static IApplicationBuilder UseHalfClose(this IApplicationBuilder app) => app.Use(next => context =>
    {
        if (context.Features.Get<HalfClose>() is not { } half)
            return next(context);
        if (IsHttp1(context))
            return HasBody(context.Request) ? InvokeWithBodyAsync(half, next, context) : InvokeWithoutBodyAsync(half, next, context);
        // An HTTP/2 connection has many requests at a time. Kestrel reads such a connection all the time, and detects the end of the stream
        // itself.
        half.SetEndWanted(true);
        return next(context);
    });

    /// <summary>
    /// Sets whether the request waits for frames or writes a stream. If the peer shuts down its sending side, the server aborts such a
    /// request, and answers any other request. Has no effect on HTTP/2.
    /// </summary>
    internal static void SetEndWanted(this HttpContext context, bool isWanted)
    {
        if (IsHttp1(context))
            context.Features.Get<HalfClose>()?.SetEndWanted(isWanted);
    }

    private static bool IsHttp1(HttpContext context) => HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol);

    private static bool HasBody(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) || request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0;

    // Runs a request whose body may be incomplete.
    private static async Task InvokeWithBodyAsync(HalfClose half, RequestDelegate next, HttpContext context)
    {
        half.SetBody(true);
        await next(context);
        // If the request was rejected, the body may be unread. Kestrel reads the rest later, and the pipe must still treat it as a body.
        if (context.Response.StatusCode < StatusCodes.Status400BadRequest)
            half.SetBody(false);
    }

    // Runs a request without a body. The request may wait for frames, write a stream, or become a WebSocket.
    private static async Task InvokeWithoutBodyAsync(HalfClose half, RequestDelegate next, HttpContext context)
    {
        half.SetBody(false);
        if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true })
            context.Response.OnStarting(() => RestoreUpgradedTransport(half, context));

        try
        {
            await next(context);
        }
        finally
        {
            half.SetEndWanted(false);
        }
    }

    // Only the connection of an accepted upgrade leaves HTTP. A rejected upgrade is a request like any other, so its connection keeps the HalfClose pipe.
    private static Task RestoreUpgradedTransport(HalfClose half, HttpContext context)
    {
        if (context.Response.StatusCode == StatusCodes.Status101SwitchingProtocols)
            half.RestoreTransport(context.Features);
        return Task.CompletedTask;
    }
}
