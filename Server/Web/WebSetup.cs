using Microsoft.Extensions.Options;
using RawSocketChat.Server.Push;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Transports;

namespace RawSocketChat.Server.Web;

/// <summary>Adds the page, and the answer for unknown paths, to the request pipeline.</summary>
public static class WebSetup
{
    public static IServiceCollection AddClientPage(this IServiceCollection services)
    {
        services.AddOptions<WebOptions>().BindConfiguration(WebOptions.Section);
        return services;
    }

    /// <summary>Serves client.html at <c>/</c>.</summary>
    public static IApplicationBuilder MapClientPage(this IApplicationBuilder app)
    {
        var services = app.ApplicationServices;
        var facts = new PageFacts(
            services.GetRequiredService<ChatServices>().SupportedRequests.Features,
            services.GetRequiredService<IOptions<OidcOptions>>().Value.DisplayName,
            [.. services.GetRequiredService<IOptions<WebOptions>>().Value.FrameAncestors],
            services.GetRequiredService<IOptions<PushOptions>>().Value.PublicKey);
        var page = ClientPage.FromFile(Path.Combine(AppContext.BaseDirectory, "client.html"), facts);
        return app.Use(next => context =>
            context.Request.Path == "/" && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
                ? page.WriteAsync(context)
                : next(context));
    }

    /// <summary>Serves the tables in a folder beside the program: <c>/languages/de.json</c> and the like.</summary>
    /// <param name="app">The request pipeline.</param>
    /// <param name="path">The path of the tables.</param>
    /// <param name="folder">The name of the folder.</param>
    public static IApplicationBuilder MapTables(this IApplicationBuilder app, string path, string folder)
    {
        var tables = new PageTables(Path.Combine(AppContext.BaseDirectory, folder));
        return app.Use(next => context =>
            context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal, out var name) && tables.Find(name.Value ?? "") is { } table
                && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
                ? PageTables.WriteAsync(table, context)
                : next(context));
    }

    /// <summary>Serves what the page shows before the visitor has logged in: the operator's name, color and logo, and the public rooms.</summary>
    public static IApplicationBuilder MapSite(this IApplicationBuilder app, string path)
    {
        var services = app.ApplicationServices;
        var options = services.GetRequiredService<IOptions<WebOptions>>().Value;
        var rooms = services.GetRequiredService<RoomDirectory>();
        // People who cannot enter without an account do not see the rooms either.
        var isListed = options.ListRooms && services.GetRequiredService<IOptions<AuthOptions>>().Value.Guests;
        var site = new Site(options, () => isListed ? rooms.Open : [], services.GetRequiredService<TimeProvider>());
        return app.Use(next => context =>
            context.Request.Path == path && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
                ? site.WriteAsync(context)
                : next(context));
    }

    /// <summary>Serves the manifest, the icons and the service worker beside the page.</summary>
    public static IApplicationBuilder MapAppFiles(this IApplicationBuilder app)
    {
        var files = new AppFiles(app.ApplicationServices.GetRequiredService<IOptions<WebOptions>>().Value);
        return app.Use(next => context =>
            files.Find(context.Request.Path.Value) is { } file && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
                ? file.WriteAsync(context)
                : next(context));
    }

    /// <summary>Answers every other path with 404 and a text that lists the known paths.</summary>
    public static void MapNotFound(this IApplicationBuilder app) => app.Run(context =>
    {
        var at = context.Request.PathBase.Value;
        return context.AnswerTextAsync(
            StatusCodes.Status404NotFound,
            $"Not found. The chat page is at {at}/, its WebSocket at {at}/ws. Over HTTP: POST {at}/session, then POST {at}/send and GET {at}/poll, {at}/longpoll, {at}/events, {at}/stream or {at}/iframe. For programs with a token of a room: {at}/openapi.json. All frames: {at}/asyncapi.json.");
    });
}
