using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Transports.Streaming;

public static class StreamingSetup
{
    /// <summary>Puts the three endless answers at these paths.</summary>
    public static IApplicationBuilder MapStreaming(this IApplicationBuilder app, string events, string lines, string iframe)
    {
        var middleware = new StreamingMiddleware(app.ApplicationServices.GetRequiredService<HttpSessions>(), app.ApplicationServices.GetRequiredService<TimeProvider>());
        var ways = new Dictionary<PathString, RequestDelegate>
        {
            [events] = middleware.EventsAsync,
            [lines] = middleware.LinesAsync,
            [iframe] = middleware.IframeAsync,
        };
        return app.Use(next => context => ways.TryGetValue(context.Request.Path, out var way) ? way(context) : next(context));
    }
}
