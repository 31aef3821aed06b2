using Microsoft.AspNetCore.OpenApi;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Api;

/// <summary>Adds the HTTP API for programs, and its description, to the services and the request pipeline.</summary>
public static class ApiSetup
{
    // The name that AddOpenApi gives to a document if the caller gives no name.
    private const string OpenApiName = "v1";

    /// <summary>The path of the messages of a room.</summary>
    private const string MessagesPath = "/api/rooms/{room}/messages";

    /// <summary>The path that accepts the requests of Slack's incoming webhooks.</summary>
    private const string HookPath = "/hooks/{token}";

    public static IServiceCollection AddApi(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict);
        services.AddOpenApi(ApiDescription.Configure);
        // The path of a hook contains a secret, and these loggers write the path of each request at levels below Warning. These filters override the
        // settings, because they are added later, and the last filter of a category applies.
        services.AddLogging(logging => logging
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning)
            .AddFilter("Microsoft.AspNetCore.Routing", LogLevel.Warning)
            .AddFilter("Microsoft.AspNetCore.Routing.Matching.DfaMatcher", LogLevel.Warning));
        return services;
    }

    /// <summary>Maps the addresses of the API. Call this after the other addresses are mapped.</summary>
    /// <param name="description">The path of the description of the HTTP API in OpenAPI.</param>
    /// <param name="protocolDescription">The path of the description of the chat protocol in AsyncAPI.</param>
    public static void MapApi(this WebApplication app, string description, string protocolDescription)
    {
        app.UseRouting();
        var (programs, connections, http) = (
            app.Services.GetRequiredService<ProgramRequests>(), app.Services.GetRequiredService<ConnectionRegistry>(), app.Services.GetRequiredService<HttpEndpoint>());
        var messages = new MessagesEndpoint(programs, connections, http);
        app.MapPost(MessagesPath, messages.PostAsync).Describe(ApiDescription.DescribePost);
        app.MapGet(MessagesPath, messages.ReadAsync).Describe(ApiDescription.DescribeHistory);
        app.MapOtherMethods(MessagesPath, "POST a message here, or GET the history", ApiRequests.PostHint, HttpMethods.Get, HttpMethods.Post);
        app.MapPost(HookPath, new HookEndpoint(programs, connections, http).PostAsync).Describe(ApiDescription.DescribeHook);
        app.MapOtherMethods(HookPath, "POST a message here, as to an incoming webhook of Slack", ApiRequests.PostHint, HttpMethods.Post);
        var openApi = new OpenApiAnswer(app.Services.GetRequiredKeyedService<IOpenApiDocumentProvider>(OpenApiName));
        app.MapGet(description, openApi.WriteAsync).ExcludeFromDescription();
        app.MapGet(protocolDescription, context =>
        {
            context.Response.ContentType = "application/json";
            return context.AnswerDocumentAsync(AsyncApiDocument.Utf8);
        }).ExcludeFromDescription();
        app.MapOtherMethods(description, "GET the description of the HTTP API here", hint: null, HttpMethods.Get);
        app.MapOtherMethods(protocolDescription, "GET the description of the chat protocol here", hint: null, HttpMethods.Get);
        app.UseEndpoints(_ => { });
    }

    private static void Describe(this RouteHandlerBuilder endpoint, Action<RouteHandlerBuilder> describe) => describe(endpoint);

    // A pattern without a method handles all methods that no other pattern of the same path handles.
    private static void MapOtherMethods(this WebApplication app, string path, string text, string? hint, params string[] allowed)
    {
        var methods = string.Join(", ", [.. allowed, HttpMethods.Options]);
        app.Map(path, context =>
        {
            if (!HttpMethods.IsOptions(context.Request.Method))
                return context.RejectMethodAsync(methods, text, hint);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            context.Response.Headers.Allow = methods;
            context.Response.Headers.CacheControl = "no-store";
            return Task.CompletedTask;
        }).ExcludeFromDescription();
    }
}
