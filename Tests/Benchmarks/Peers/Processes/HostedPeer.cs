using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using RawSocketChat.Tests.Benchmarks.Peers.Serving;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;

namespace RawSocketChat.Tests.Benchmarks.Peers.Processes;

/// <summary>A peer that this project implements. It runs in a separate process.</summary>
internal sealed class HostedPeer : Peer
{
    public override Wire Wire => Name == ServeCommand.SignalR ? new SignalRWire() : new PlainWire();

    public override Task<string> GetVersionAsync(CancellationToken cancel) => Task.FromResult(Name == ServeCommand.Floor
        ? RuntimeInformation.FrameworkDescription
        : $"ASP.NET Core {typeof(Microsoft.AspNetCore.Builder.WebApplication).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]}");

    public override ProcessStartInfo CreateStartInfo(int port, string folder)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(HostedPeer).Assembly.Location, "serve", Name, "--port", $"{port}"]) { WorkingDirectory = folder };
        // Web projects use the server garbage collector by default. This project is not a web project, so select that collector here.
        if (Name != ServeCommand.Floor)
            start.Environment["DOTNET_gcServer"] = "1";
        return start;
    }
}
