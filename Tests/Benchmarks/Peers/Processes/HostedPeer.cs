using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using RawSocketChat.Tests.Benchmarks.Peers.Serving;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;

namespace RawSocketChat.Tests.Benchmarks.Peers.Processes;

/// <summary>One that this project serves itself, in a process of its own.</summary>
internal sealed class HostedPeer : Peer
{
    public override Wire Wire => Name == ServeCommand.SignalR ? new SignalRWire() : new PlainWire();

    public override Task<string> VersionAsync(CancellationToken cancel) => Task.FromResult(Name == ServeCommand.Floor
        ? RuntimeInformation.FrameworkDescription
        : $"ASP.NET Core {typeof(Microsoft.AspNetCore.Builder.WebApplication).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]}");

    public override ProcessStartInfo Start(int port, string folder)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(HostedPeer).Assembly.Location, "serve", Name, "--port", $"{port}"]) { WorkingDirectory = folder };
        // The default of projects for the web, which this one is not.
        if (Name != ServeCommand.Floor)
            start.Environment["DOTNET_gcServer"] = "1";
        return start;
    }
}
