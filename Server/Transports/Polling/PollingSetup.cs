using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Transports.Polling;

public static class PollingSetup
{
    public static IApplicationBuilder MapPolling(this IApplicationBuilder app, string path)
    {
        var middleware = new PollMiddleware(app.ApplicationServices.GetRequiredService<HttpSessions>(), app.ApplicationServices.GetRequiredService<TimeProvider>());
        return app.Use(next => context => context.Request.Path == path ? middleware.InvokeAsync(context) : next(context));
    }
}
