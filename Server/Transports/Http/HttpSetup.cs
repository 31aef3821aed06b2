using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Transports.Http;

public static class HttpSetup
{
    /// <summary>Lets a session begin at <paramref name="path"/>; whatever else asks there is told what would have worked.</summary>
    public static IApplicationBuilder MapStart(this IApplicationBuilder app, string path, StartEndpoint endpoint)
    {
        var services = app.ApplicationServices;
        var middleware = new StartMiddleware(
            endpoint,
            services.GetRequiredService<OriginPolicy>(),
            services.GetRequiredService<ConnectionRegistry>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<StartMiddleware>>());
        return app.Use(next => context => context.Request.Path == path ? middleware.InvokeAsync(context) : next(context));
    }
}
