using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace RawSocketChat.Tests.Benchmarks.Peers.Serving;

/// <summary>
/// <c>serve NAME --port N</c>: runs one of the peers that this project implements. The command ends when its standard input ends, which
/// also happens when the parent process ends.
/// </summary>
internal static class ServeCommand
{
    public const string Floor = "floor";
    public const string UseWebSockets = "usewebsockets";
    public const string SignalR = "signalr";

    public static Command Create()
    {
        var name = new Argument<string>("name") { Description = $"{Floor}, {UseWebSockets} or {SignalR}" };
        name.AcceptOnlyFromAmong(Floor, UseWebSockets, SignalR);
        var port = new Option<int>("--port") { Description = "port to listen on, at 127.0.0.1", Required = true };
        var command = new Command("serve", "Runs one of the peers until standard input ends.") { name, port };
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(name)!, parsed.GetValue(port), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string name, int port, CancellationToken cancel)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var input = Task.Run(async () =>
        {
            await Console.OpenStandardInput().CopyToAsync(Stream.Null, end.Token);
            await end.CancelAsync();
        }, CancellationToken.None);
        if (name == Floor)
        {
            using var floor = new FloorServer(port);
            floor.Run(end.Token);
        }
        else
            await HostAsync(name, port, end.Token);

        return 0;
    }

    private static async Task HostAsync(string name, int port, CancellationToken end)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.Sources.Clear(); // Ignore the settings files in the current folder.
        builder.Configuration.AddInMemoryCollection();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        if (name == SignalR)
            SignalRServer.Add(builder.Services);
        await using var app = builder.Build();
        if (name == SignalR)
            SignalRServer.Map(app);
        else
            UseWebSocketsServer.Map(app);
        await app.StartAsync(end);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, end);
        }
        catch (OperationCanceledException)
        {
            // Standard input has ended. The connections need no close message.
        }
    }
}
