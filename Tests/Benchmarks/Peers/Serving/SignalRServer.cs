using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;

namespace RawSocketChat.Tests.Benchmarks.Peers.Serving;

/// <summary>What a C# programmer writes with SignalR: a hub with one method. Its JSON protocol, and its defaults but one.</summary>
internal static class SignalRServer
{
    // The subscribers of a load only listen. By default SignalR ends who says nothing for half a minute.
    private static readonly TimeSpan Silence = TimeSpan.FromHours(1);

    public static void Add(IServiceCollection services) => services.AddSignalR(options => options.ClientTimeoutInterval = Silence);

    public static void Map(WebApplication app) => app.MapHub<RoomHub>("/hub");
}

/// <summary>The room.</summary>
public sealed class RoomHub : Hub
{
    public override Task OnConnectedAsync() => Clients.Caller.SendAsync("ready");

    public Task Say(string text) => Clients.All.SendAsync("message", text);
}
