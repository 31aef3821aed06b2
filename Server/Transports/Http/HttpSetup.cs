using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Transports.Http;

public static class HttpSetup
{
    /// <summary>What all ways over plain requests share: the sessions that ask.</summary>
    public static IServiceCollection AddHttpSessions(this IServiceCollection services, Func<IServiceProvider, HttpEndpoint> endpoint)
    {
        services.AddOptions<HttpOptions>().BindConfiguration(HttpOptions.Section);
        services.AddSingleton(endpoint);
        services.AddSingleton<HttpSessions>();
        return services;
    }

    /// <summary>Lets a session begin at <paramref name="path"/>; whatever else asks there is told what would have worked.</summary>
    public static IApplicationBuilder MapStart(this IApplicationBuilder app, string path)
    {
        var services = app.ApplicationServices;
        var middleware = new StartMiddleware(
            services.GetRequiredService<HttpSessions>(),
            services.GetRequiredService<OriginPolicy>(),
            services.GetRequiredService<ConnectionRegistry>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<StartMiddleware>>());
        return app.Use(next => context => context.Request.Path == path ? middleware.InvokeAsync(context) : next(context));
    }

    /// <summary>Lets a session send at <paramref name="path"/>.</summary>
    public static IApplicationBuilder MapSend(this IApplicationBuilder app, string path)
    {
        var middleware = new SendMiddleware(app.ApplicationServices.GetRequiredService<HttpSessions>());
        return app.Use(next => context => context.Request.Path == path ? middleware.InvokeAsync(context) : next(context));
    }
}
