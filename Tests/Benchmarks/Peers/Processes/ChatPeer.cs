using System.Diagnostics;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;

namespace RawSocketChat.Tests.Benchmarks.Peers.Processes;

/// <summary>This project's server, started as an operator would start it.</summary>
internal sealed class ChatPeer : Peer
{
    /// <summary>The settings that differ from the defaults.</summary>
    public required IReadOnlyList<(string Name, string Value)> Settings { get; init; }

    public override Wire Wire => new ChatWire();

    public override string? DescribeMissing() => Settings.FirstOrDefault(setting => !IsKnownSetting(setting.Name)).Name is { } unknown
        ? $"{Name}: this server has no setting --{unknown}"
        : null;

    public override Task<string> GetVersionAsync(CancellationToken cancel) => Task.FromResult(
        $"RawSocketChat {typeof(Server.Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}");

    public override ProcessStartInfo CreateStartInfo(int port, string folder) => new("dotnet", [
        typeof(Server.Program).Assembly.Location, "--urls", $"http://127.0.0.1:{port}", "--RawTcp:Port", "0", "--Limits:Enabled", "false", "--Data:Path", folder,
        .. Settings.SelectMany(setting => new[] { $"--{setting.Name}", setting.Value })])
    { WorkingDirectory = folder };

    // The server rejects the value "?" for every setting that exists. For an unknown setting in a known section, the server reports "no
    // such setting". For a setting in an unknown section, it reports nothing.
    private static bool IsKnownSetting(string setting)
    {
        try
        {
            SettingsValidator.Validate(new ConfigurationBuilder().AddInMemoryCollection([new(setting, "?")]).Build());
            return false;
        }
        catch (SettingException fault)
        {
            return !fault.Message.Contains("no such setting", StringComparison.Ordinal);
        }
    }
}
