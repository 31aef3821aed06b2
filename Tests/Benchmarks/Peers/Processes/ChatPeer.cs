using System.Diagnostics;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;

namespace RawSocketChat.Tests.Benchmarks.Peers.Processes;

/// <summary>This project's server, as an operator runs it.</summary>
internal sealed class ChatPeer : Peer
{
    /// <summary>What this row differs in from the defaults, each a name and a value.</summary>
    public required IReadOnlyList<(string Name, string Value)> Settings { get; init; }

    public override Wire Wire => new ChatWire();

    public override string? Missing() => Settings.FirstOrDefault(setting => !Knows(setting.Name)).Name is { } unknown
        ? $"{Name}: this server has no setting --{unknown}"
        : null;

    public override Task<string> VersionAsync(CancellationToken cancel) => Task.FromResult(
        $"RawSocketChat {typeof(Server.Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}");

    public override ProcessStartInfo Start(int port, string folder) => new("dotnet", [
        typeof(Server.Program).Assembly.Location, "--urls", $"http://127.0.0.1:{port}", "--RawTcp:Port", "0", "--Limits:Enabled", "false", "--Data:Path", folder,
        .. Settings.SelectMany(setting => new[] { $"--{setting.Name}", setting.Value })])
    { WorkingDirectory = folder };

    // A setting that the server knows refuses a value that makes no sense; sections that it does not know are nobody's, and may say anything.
    private static bool Knows(string setting)
    {
        try
        {
            SettingsCheck.Run(new ConfigurationBuilder().AddInMemoryCollection([new(setting, "?")]).Build());
            return false;
        }
        catch (SettingException fault)
        {
            return !fault.Message.Contains("no such setting", StringComparison.Ordinal);
        }
    }
}
