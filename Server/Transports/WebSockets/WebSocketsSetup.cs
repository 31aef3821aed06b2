using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Transports.WebSockets;

public static class WebSocketsSetup
{
    /// <summary>The settings of what WebSockets share.</summary>
    public static IServiceCollection AddWebSockets(this IServiceCollection services)
    {
        services.AddOptions<DeflateOptions>().BindConfiguration(DeflateOptions.Section);
        return services;
    }

    /// <summary>Puts a WebSocket at <paramref name="path"/>; whatever else asks there is told what would have worked.</summary>
    public static IApplicationBuilder MapRawWebSocket(this IApplicationBuilder app, string path, WebSocketEndpoint endpoint)
    {
        var services = app.ApplicationServices;
        var middleware = new WebSocketMiddleware(
            endpoint,
            services.GetRequiredService<OriginPolicy>(),
            services.GetRequiredService<ConnectionRegistry>(),
            services.GetRequiredService<IOptions<ConnectionOptions>>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<WebSocketMiddleware>>());
        return app.Use(next => context => context.Request.Path == path ? middleware.InvokeAsync(context) : next(context));
    }
}
