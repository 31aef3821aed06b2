using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Transports.Http;

public static class HttpSetup
{
    /// <summary>Adds the services that all HTTP transports share.</summary>
    public static IServiceCollection AddHttpSessions(this IServiceCollection services, Func<IServiceProvider, HttpEndpoint> endpoint)
    {
        services.AddOptions<HttpOptions>().BindConfiguration(HttpOptions.Section);
        services.AddSingleton(endpoint);
        services.AddSingleton<HttpSessionRegistry>();
        services.AddSingleton<SessionRequests>();
        return services;
    }

    /// <summary>Starts sessions at <paramref name="path"/>. A request to this path that does not start a session gets an error with a
    /// hint.</summary>
    public static IApplicationBuilder MapSessionStart(this IApplicationBuilder app, string path)
    {
        var services = app.ApplicationServices;
        var middleware = new SessionStartMiddleware(
            services.GetRequiredService<HttpSessionRegistry>(),
            services.GetRequiredService<OriginPolicy>(),
            services.GetRequiredService<ConnectionRegistry>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<SessionStartMiddleware>>());
        return app.Use(next => context => context.Request.Path == path ? middleware.InvokeAsync(context) : next(context));
    }

    /// <summary>Receives frames of sessions at <paramref name="path"/>.</summary>
    public static IApplicationBuilder MapSend(this IApplicationBuilder app, string path)
    {
        var middleware = new SendMiddleware(app.ApplicationServices.GetRequiredService<SessionRequests>());
        return app.Use(next => context => context.Request.Path == path ? middleware.InvokeAsync(context) : next(context));
    }
}
