using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Tests.Benchmarks.Crowd;

/// <summary>The server in this process, with nothing kept on disk, and what the system says of its memory.</summary>
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

    /// <summary>Bytes of memory that are resident now, and the most that ever were since <see cref="ForgetPeak"/>.</summary>
    public static (long Now, long Most) Resident => (StatusOf("VmRSS:"), StatusOf("VmHWM:"));

    public static async Task<HostedServer> StartAsync(string[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("rawsocketchat-crowd-").FullName;
        var app = Server.Program.Build(
            ["--urls", "http://127.0.0.1:0", "--RawTcp:Port", "0", "--Limits:Enabled", "false", "--Data:Durability", "none", "--Data:Path", folder, .. settings],
            services => services.AddLogging(logging => logging.ClearProviders()));
        await app.StartAsync();
        return new HostedServer(app, new Uri(app.Urls.Single()).Port, folder);
    }

    /// <summary>A full, compacting collection that gives back what it can.</summary>
    public static void Collect()
    {
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    public static void ForgetPeak() => File.WriteAllText("/proc/self/clear_refs", "5");

    /// <summary>Runs the clients' side of a measurement, which talks in lines, in a process that ends with this one's scope.</summary>
    public static Process Clients(params string[] args) => Process.Start(new ProcessStartInfo(
        Environment.ProcessPath!, [.. Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? [typeof(HostedServer).Assembly.Location] : (string[])[], .. args])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    /// <summary>The next line that the clients say, which begins with a word.</summary>
    /// <exception cref="InvalidOperationException">They say something else, or nothing more.</exception>
    public static async Task<string> ExpectAsync(Process clients, string word) =>
        await clients.StandardOutput.ReadLineAsync() is { } line && line.StartsWith(word, StringComparison.Ordinal)
            ? line
            : throw new InvalidOperationException($"the clients did not say \"{word}\"");

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static long StatusOf(string field) => 1024 * long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith(field, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
