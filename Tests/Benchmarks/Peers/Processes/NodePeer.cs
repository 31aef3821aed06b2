using System.Diagnostics;
using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;

namespace RawSocketChat.Tests.Benchmarks.Peers.Processes;

/// <summary>
/// A peer on Node. At the first use, npm installs the versions in Node/package-lock.json into a folder next to the assembly.
/// </summary>
internal sealed class NodePeer : Peer
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Node");

    /// <summary>The npm package that is measured.</summary>
    public required string Package { get; init; }

    public override Wire Wire => Package == "ws" ? new PlainWire() : new SocketIoWire();

    private string Manifest => Path.Combine(Folder, "node_modules", Package, "package.json");

    public override string? DescribeMissing() => CommandRunner.Find("node") is null || CommandRunner.Find("npm") is null
        ? $"{Name}: apt-get install --no-install-recommends nodejs npm"
        : null;

    public override async Task InstallAsync(CancellationToken cancel)
    {
        // The lock file is copied last, so the copy shows that the installation is complete.
        var (wanted, installed) = (Path.Combine(Folder, "package-lock.json"), Path.Combine(Folder, "package-lock.json.installed"));
        if (File.Exists(installed) && await File.ReadAllTextAsync(wanted, cancel) == await File.ReadAllTextAsync(installed, cancel))
            return;
        var (exitCode, output) = await CommandRunner.RunAsync("npm", ["ci", "--prefix", Folder, "--no-audit", "--no-fund", "--ignore-scripts"], Folder, cancel);
        if (exitCode != 0)
            throw new LoadException($"npm ci --prefix {Folder} failed: {output.Trim().ReplaceLineEndings(" ")}");
        File.Copy(wanted, installed, overwrite: true);
    }

    public override async Task<string> GetVersionAsync(CancellationToken cancel)
    {
        using var manifest = System.Text.Json.JsonDocument.Parse(await File.ReadAllTextAsync(Manifest, cancel));
        var node = (await CommandRunner.RunAsync("node", ["--version"], null, cancel)).Output.Trim().TrimStart('v');
        return $"{Package} {manifest.RootElement.GetProperty("version").GetString()}, Node {node}";
    }

    public override ProcessStartInfo CreateStartInfo(int port, string folder) => new("node", [Path.Combine(Folder, $"{Package}.js"), $"{port}"]) { WorkingDirectory = folder };
}
