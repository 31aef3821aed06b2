using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Transports.Streaming;

public static class StreamingSetup
{
    /// <summary>Serves the three streams at these paths.</summary>
    public static IApplicationBuilder MapStreaming(this IApplicationBuilder app, string events, string lines, string iframe)
    {
        var middleware = new StreamingMiddleware(app.ApplicationServices.GetRequiredService<SessionRequests>(), app.ApplicationServices.GetRequiredService<TimeProvider>());
        var streams = new Dictionary<PathString, RequestDelegate>
        {
            [events] = middleware.ServeEventsAsync,
            [lines] = middleware.ServeLinesAsync,
            [iframe] = middleware.ServeIframeAsync,
        };
        return app.Use(next => context => streams.TryGetValue(context.Request.Path, out var serve) ? serve(context) : next(context));
    }
}
