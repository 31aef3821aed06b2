using System.Diagnostics;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;

namespace RawSocketChat.Tests.Benchmarks.Peers.Processes;

/// <summary>A server to measure: its name, how to install and start it, and its protocol.</summary>
internal abstract class Peer
{
    /// <summary>The name for <c>--peers</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The name in the tables.</summary>
    public required string Title { get; init; }

    /// <summary>Whether the peer is measured by default.</summary>
    public bool IsDefault { get; init; } = true;

    public abstract Wire Wire { get; }

    /// <summary>Returns null if the peer is installed. Otherwise returns one line that names the missing package and the command that installs it.</summary>
    public virtual string? DescribeMissing() => null;

    /// <summary>Installs missing packages, if the peer can do so.</summary>
    public virtual Task InstallAsync(CancellationToken cancel) => Task.CompletedTask;

    /// <summary>Returns the name and version of the measured software.</summary>
    public abstract Task<string> GetVersionAsync(CancellationToken cancel);

    /// <summary>Whether the peer must be stopped with SIGTERM, because it has worker processes.</summary>
    public virtual bool HasWorkers => false;

    /// <param name="port">The port to listen on, at 127.0.0.1.</param>
    /// <param name="folder">A temporary folder for the peer's files.</param>
    public abstract ProcessStartInfo CreateStartInfo(int port, string folder);
}
