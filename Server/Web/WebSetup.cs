namespace RawSocketChat.Server.Web;

public static class WebSetup
{
    public static IApplicationBuilder MapClientPage(this IApplicationBuilder app)
    {
        var page = ClientPage.FromFile(Path.Combine(AppContext.BaseDirectory, "client.html"));
        return app.Use(next => context =>
            context.Request.Path == "/" && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
                ? page.WriteAsync(context)
                : next(context));
    }

    /// <summary>What is not there says what is.</summary>
    public static void MapNotFound(this IApplicationBuilder app) => app.Run(context =>
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync("There is nothing here. The chat is at /, its WebSocket at /ws; over plain HTTP: POST /session, then POST /send and GET /poll, /longpoll, /events, /stream or /iframe\n");
    });
}
