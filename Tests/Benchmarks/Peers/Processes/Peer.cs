using System.Diagnostics;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;

namespace RawSocketChat.Tests.Benchmarks.Peers.Processes;

/// <summary>A server to be measured: what it is called, whether it is here, how it is started and spoken to.</summary>
internal abstract class Peer
{
    /// <summary>As <c>--peers</c> names it.</summary>
    public required string Name { get; init; }

    /// <summary>As the table names it.</summary>
    public required string Title { get; init; }

    /// <summary>Whether it is measured where <c>--peers</c> does not say otherwise.</summary>
    public bool IsDefault { get; init; } = true;

    public abstract Wire Wire { get; }

    /// <summary>Null where it is here; else the one line that says what is missing and installs it.</summary>
    public virtual string? Missing() => null;

    /// <summary>Installs what is missing, where that can be done here.</summary>
    public virtual Task InstallAsync(CancellationToken cancel) => Task.CompletedTask;

    /// <summary>What of which version is measured.</summary>
    public abstract Task<string> VersionAsync(CancellationToken cancel);

    /// <summary>Whether it has to be asked to end, because it has processes of its own to end first.</summary>
    public virtual bool HasWorkers => false;

    /// <param name="port">Where it is to listen, on 127.0.0.1.</param>
    /// <param name="folder">Of its own, for whatever it needs, and gone afterwards.</param>
    public abstract ProcessStartInfo Start(int port, string folder);
}
