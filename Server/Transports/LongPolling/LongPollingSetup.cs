using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Transports.LongPolling;

public static class LongPollingSetup
{
    /// <summary>Serves long-polling at <paramref name="path"/>.</summary>
    public static IApplicationBuilder MapLongPolling(this IApplicationBuilder app, string path)
    {
        var middleware = new LongPollMiddleware(app.ApplicationServices.GetRequiredService<SessionRequests>());
        return app.Use(next => context => context.Request.Path == path ? middleware.InvokeAsync(context) : next(context));
    }
}
