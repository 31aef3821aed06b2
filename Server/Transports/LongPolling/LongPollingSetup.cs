using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Transports.LongPolling;

public static class LongPollingSetup
{
    public static IApplicationBuilder MapLongPolling(this IApplicationBuilder app, string path)
    {
        var middleware = new LongPollMiddleware(app.ApplicationServices.GetRequiredService<HttpSessions>(), app.ApplicationServices.GetRequiredService<TimeProvider>());
        return app.Use(next => context => context.Request.Path == path ? middleware.InvokeAsync(context) : next(context));
    }
}
