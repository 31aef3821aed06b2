using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;

namespace RawSocketChat.Tests.Benchmarks.Peers.Serving;

/// <summary>A typical SignalR server: a hub with one method, the JSON protocol, and default options except for the client timeout.</summary>
internal static class SignalRServer
{
    // The subscribers of the load send nothing. By default SignalR closes a connection after 30 seconds without a message.
    private static readonly TimeSpan ClientTimeout = TimeSpan.FromHours(1);

    public static void Add(IServiceCollection services) => services.AddSignalR(options => options.ClientTimeoutInterval = ClientTimeout);

    public static void Map(WebApplication app) => app.MapHub<RoomHub>("/hub");
}

/// <summary>The hub. All connections are in one room.</summary>
public sealed class RoomHub : Hub
{
    public override Task OnConnectedAsync() => Clients.Caller.SendAsync("ready");

    public Task Say(string text) => Clients.All.SendAsync("message", text);
}
