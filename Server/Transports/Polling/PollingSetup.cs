using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Transports.Polling;

public static class PollingSetup
{
    /// <summary>Serves interval polling at <paramref name="path"/>.</summary>
    public static IApplicationBuilder MapPolling(this IApplicationBuilder app, string path)
    {
        var middleware = new PollMiddleware(app.ApplicationServices.GetRequiredService<SessionRequests>());
        return app.Use(next => context => context.Request.Path == path ? middleware.InvokeAsync(context) : next(context));
    }
}
