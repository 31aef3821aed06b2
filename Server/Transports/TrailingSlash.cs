namespace RawSocketChat.Server.Transports;

public static class TrailingSlash
{
    /// <summary>Removes a trailing slash from the path of each request, except from <c>/</c>. Call this method before the addresses are mapped.</summary>
    public static IApplicationBuilder UseTrailingSlash(this IApplicationBuilder app) => app.Use(next => context =>
    {
        if (context.Request.Path.Value is [_, .., '/'] path)
            context.Request.Path = path[..^1];
        return next(context);
    });
}
