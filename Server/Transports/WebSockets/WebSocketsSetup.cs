using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Transports.WebSockets;

public static class WebSocketsSetup
{
    /// <summary>Adds the settings that all WebSockets share.</summary>
    public static IServiceCollection AddWebSockets(this IServiceCollection services)
    {
        services.AddOptions<DeflateOptions>().BindConfiguration(DeflateOptions.Section);
        return services;
    }

    /// <summary>Accepts WebSockets at <paramref name="path"/>. A request to this path that does not open a WebSocket gets an error with a
    /// hint.</summary>
    /// <param name="app">The request pipeline.</param>
    /// <param name="path">The address of the WebSocket.</param>
    /// <param name="alsoAt">An address that serves something else, but accepts WebSockets too; null for none.</param>
    /// <param name="endpoint">The handlers, limits and formats.</param>
    public static IApplicationBuilder MapWebSocket(this IApplicationBuilder app, string path, string? alsoAt, WebSocketEndpoint endpoint)
    {
        var services = app.ApplicationServices;
        var middleware = new WebSocketMiddleware(
            endpoint,
            services.GetRequiredService<OriginPolicy>(),
            services.GetRequiredService<ConnectionRegistry>(),
            services.GetRequiredService<IOptions<ConnectionOptions>>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<WebSocketMiddleware>>());
        return app.Use(next => context =>
            context.Request.Path == path || (alsoAt is not null && context.Request.Path == alsoAt && AsksForWebSocket(context))
                ? middleware.InvokeAsync(context)
                : next(context));
    }

    private static bool AsksForWebSocket(HttpContext context) => HttpProtocol.IsHttp2(context.Request.Protocol)
        ? context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true }
        : ServerHandshake.IsWebSocketUpgrade(context.Request.Headers.Upgrade);
}
