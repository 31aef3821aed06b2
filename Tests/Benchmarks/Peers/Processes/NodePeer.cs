using System.Diagnostics;
using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;

namespace RawSocketChat.Tests.Benchmarks.Peers.Processes;

/// <summary>One on Node. What it needs is pinned by Node/package-lock.json and installed beside the assembly, by npm, the first time.</summary>
internal sealed class NodePeer : Peer
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Node");

    /// <summary>What is measured, as npm calls it.</summary>
    public required string Package { get; init; }

    public override Wire Wire => Package == "ws" ? new PlainWire() : new SocketIoWire();

    private string Manifest => Path.Combine(Folder, "node_modules", Package, "package.json");

    public override string? Missing() => Tool.Find("node") is null || Tool.Find("npm") is null
        ? $"{Name}: apt-get install --no-install-recommends nodejs npm"
        : null;

    public override async Task InstallAsync(CancellationToken cancel)
    {
        // The copy of the lock file, made last, says that the install was completed.
        var (wanted, installed) = (Path.Combine(Folder, "package-lock.json"), Path.Combine(Folder, "package-lock.json.installed"));
        if (File.Exists(installed) && await File.ReadAllTextAsync(wanted, cancel) == await File.ReadAllTextAsync(installed, cancel))
            return;
        var (exitCode, output) = await Tool.RunAsync("npm", ["ci", "--prefix", Folder, "--no-audit", "--no-fund", "--ignore-scripts"], Folder, cancel);
        if (exitCode != 0)
            throw new LoadException($"npm ci --prefix {Folder} failed: {output.Trim().ReplaceLineEndings(" ")}");
        File.Copy(wanted, installed, overwrite: true);
    }

    public override async Task<string> VersionAsync(CancellationToken cancel)
    {
        using var manifest = System.Text.Json.JsonDocument.Parse(await File.ReadAllTextAsync(Manifest, cancel));
        var node = (await Tool.RunAsync("node", ["--version"], null, cancel)).Output.Trim().TrimStart('v');
        return $"{Package} {manifest.RootElement.GetProperty("version").GetString()}, Node {node}";
    }

    public override ProcessStartInfo Start(int port, string folder) => new("node", [Path.Combine(Folder, $"{Package}.js"), $"{port}"]) { WorkingDirectory = folder };
}
