using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Tests.Benchmarks.Crowd;

/// <summary>Runs the server in this process, by default with <c>Data:Durability none</c>, and reads the memory figures of the process.</summary>
internal sealed class HostedServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _folder;

    private HostedServer(WebApplication app, int port, string folder)
    {
        _app = app;
        Port = port;
        _folder = folder;
    }

    public int Port { get; }

    public int Connections => _app.Services.GetRequiredService<ConnectionRegistry>().Count;

    /// <summary>Resident memory in bytes: now, and the peak since <see cref="ResetPeak"/>.</summary>
    public static (long Now, long Peak) Resident => (ReadStatus("VmRSS:"), ReadStatus("VmHWM:"));

    public static async Task<HostedServer> StartAsync(string[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("rawsocketchat-crowd-").FullName;
        var app = Server.Program.Build(
            ["--urls", "http://127.0.0.1:0", "--RawTcp:Port", "0", "--Limits:Enabled", "false", "--Data:Durability", "none", "--Data:Path", folder, .. settings],
            services => services.AddLogging(logging => logging.ClearProviders()));
        await app.StartAsync();
        return new HostedServer(app, new Uri(app.Urls.Single()).Port, folder);
    }

    /// <summary>Runs a full, compacting garbage collection that returns free memory to the system.</summary>
    public static void Collect()
    {
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    public static void ResetPeak() => File.WriteAllText("/proc/self/clear_refs", "5");

    /// <summary>
    /// Starts the clients of a measurement in another process. The two processes exchange lines. The new process ends when its standard input
    /// ends.
    /// </summary>
    public static Process StartClients(params string[] args) => Process.Start(new ProcessStartInfo(
        Environment.ProcessPath!, [.. Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? [typeof(HostedServer).Assembly.Location] : (string[])[], .. args])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    /// <summary>Reads the next line of the clients. The line must begin with <paramref name="word"/>.</summary>
    /// <exception cref="InvalidOperationException">The line begins with something else, or the output has ended.</exception>
    public static async Task<string> ExpectAsync(Process clients, string word) =>
        await clients.StandardOutput.ReadLineAsync() is { } line && line.StartsWith(word, StringComparison.Ordinal)
            ? line
            : throw new InvalidOperationException($"the clients did not print a line that begins with \"{word}\"");

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static long ReadStatus(string field) => 1024 * long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith(field, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
