using Microsoft.Extensions.Options;
using RawSocketChat.Server.Api;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Files;
using RawSocketChat.Server.Files.Images;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Server.Operator;
using RawSocketChat.Server.Push;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.SingleSignOn;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Transports;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Server.Transports.LongPolling;
using RawSocketChat.Server.Transports.Origins;
using RawSocketChat.Server.Transports.Polling;
using RawSocketChat.Server.Transports.RawTcp;
using RawSocketChat.Server.Transports.Streaming;
using RawSocketChat.Server.Transports.WebSockets;
using RawSocketChat.Server.Web;
using RawSocketChat.Server.Webhooks;

namespace RawSocketChat.Server;

/// <summary>The composition root: registers all services and maps all addresses.</summary>
public static class Program
{
    // The methods that each path accepts, for the answers to OPTIONS.
    private static readonly Dictionary<string, string[]> Methods = new()
    {
        ["/"] = [HttpMethods.Get, HttpMethods.Head],
        ["/ws"] = [HttpMethods.Get],
        ["/session"] = [HttpMethods.Post],
        ["/send"] = [HttpMethods.Post],
        ["/files"] = [HttpMethods.Post],
        ["/poll"] = [HttpMethods.Get],
        ["/longpoll"] = [HttpMethods.Get],
        ["/events"] = [HttpMethods.Get],
        ["/stream"] = [HttpMethods.Get],
        ["/iframe"] = [HttpMethods.Get],
        ["/login"] = [HttpMethods.Get],
        ["/push"] = [HttpMethods.Get, HttpMethods.Post, HttpMethods.Delete],
        ["/openapi.json"] = [HttpMethods.Get],
        ["/asyncapi.json"] = [HttpMethods.Get],
        ["/site.json"] = [HttpMethods.Get, HttpMethods.Head],
        ["/manifest.webmanifest"] = [HttpMethods.Get, HttpMethods.Head],
        ["/worker.js"] = [HttpMethods.Get, HttpMethods.Head],
        ["/healthz"] = [HttpMethods.Get, HttpMethods.Head],
        ["/readyz"] = [HttpMethods.Get, HttpMethods.Head],
    };

    public static Task<int> Main(string[] args) =>
        args is [PreviewProgram.Command] ? Task.FromResult(PreviewProgram.Run(Console.OpenStandardInput(), Console.OpenStandardOutput()))
        : CommandArguments.Parse(args) is { } command
        ? OperatorCommand.RunAsync(command, OperatorConsole.ForProcess(), TimeProvider.System, CancellationToken.None)
        : ServerRunner.RunAsync(() => Build(args));

    public static WebApplication Build(string[] args, Action<IServiceCollection>? configureServices = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.AddSettings(args);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddStorage();
        builder.Services.AddSessions();
        builder.Services.AddRooms();
        builder.Services.AddWebhooks();
        builder.Services.AddPush();
        builder.Services.AddConnectionRegistry();
        builder.Services.AddOrigins();
        builder.Services.AddWebSockets();
        builder.Services.AddRawTcp(services => services.GetRequiredService<ChatEndpoints>().RawTcp);
        builder.Services.AddHttpSessions(services => services.GetRequiredService<ChatEndpoints>().Http);
        builder.Services.AddSingleton<ChatEndpoints>();
        builder.Services.AddFiles();
        builder.Services.AddApi();
        builder.Services.AddSingleSignOn();
        builder.Services.AddClientPage();
        builder.Services.AddOptions<ProxyOptions>().BindConfiguration(ProxyOptions.Section);
        configureServices?.Invoke(builder.Services);

        var app = builder.Build();
        app.UseMinResponseRate();
        app.UseHalfClose();
        app.UsePlaintextGuard(app.Services.GetRequiredService<IOptions<PlaintextOptions>>().Value);
        app.UseTrustedProxies(app.Services.GetRequiredService<IOptions<ProxyOptions>>().Value);
        app.UseMountPath(MountPath.Read(app.Configuration), "/healthz", "/readyz");
        app.UseTrailingSlash();
        app.UseFileOrigins("/files");
        app.AnswerOptionsRequests(Methods);
        app.MapHealth(live: "/healthz", ready: "/readyz");
        app.MapWebSocket("/ws", alsoAt: "/", app.Services.GetRequiredService<ChatEndpoints>().WebSocket);
        app.MapSessionStart("/session");
        app.MapSend("/send");
        app.MapPolling("/poll");
        app.MapLongPolling("/longpoll");
        app.MapStreaming(events: "/events", lines: "/stream", iframe: "/iframe");
        app.MapFiles("/files");
        app.MapClientPage();
        app.MapSite("/site.json");
        app.MapTables("/languages", folder: "languages");
        app.MapTables("/emoji", folder: "emoji");
        app.MapAppFiles();
        app.MapPush("/push");
        app.MapLogin("/login");
        app.MapApi(description: "/openapi.json", protocolDescription: "/asyncapi.json");
        app.MapNotFound();
        return app;
    }
}
