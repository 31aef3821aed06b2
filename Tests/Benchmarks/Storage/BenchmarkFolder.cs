using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Server.Storage.Sqlite;

namespace RawSocketChat.Tests.Benchmarks.Storage;

/// <summary>A temporary data folder for one measurement, deleted on dispose.</summary>
internal sealed class BenchmarkFolder(string? parent) : IDisposable
{
    public string Folder { get; } = Directory.CreateDirectory(
        Path.Combine(parent ?? Path.GetTempPath(), $"rawsocketchat-bench-{Guid.NewGuid():n}")).FullName;

    /// <summary>Opens the database in this process.</summary>
    public SqliteStorage Open(int commitEvents = 8192, Durability durability = Durability.Full) =>
        new(Options.Create(new DataOptions { Path = Folder, CommitEvents = commitEvents, Durability = durability }), TimeProvider.System, NullLogger<SqliteStorage>.Instance);

    /// <summary>Appends events with 128 bytes of text to a room.</summary>
    public async Task FillAsync(string room, long events)
    {
        using var storage = Open(durability: Durability.Process);
        var log = new SqlRoomLog(storage);
        await log.OpenAsync(room, CancellationToken.None);
        const int batch = 4096;
        for (var done = 0L; done < events; done += batch)
        {
            await log.AppendAsync(room, [.. Enumerable.Range(0, (int)Math.Min(batch, events - done)).Select(i => CreateEvent($"u{i % 100}", $"{done + i}"))], CancellationToken.None);
            if (events > 1_000_000 && done % (250 * batch) == 0)
                await Console.Error.WriteLineAsync($"filled {done:n0} of {events:n0}");
        }
    }

    public static NewEvent CreateEvent(string author, string? clientId) => new(RoomEventKind.Message, author, author, Text, ClientId: clientId);

    public static string Text { get; } = new('x', 128);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}

/// <summary>The server in a separate process, started as an operator would start it.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly Process _process;

    private RunningServer(Process process, int http, int raw, TimeSpan startedIn)
    {
        _process = process;
        HttpPort = http;
        RawPort = raw;
        StartedIn = startedIn;
    }

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    public int HttpPort { get; }

    public int RawPort { get; }

    /// <summary>The time from the start of the process until the server printed the line that begins with "To join".</summary>
    public TimeSpan StartedIn { get; }

    /// <summary>The peak resident memory of the server, in MiB.</summary>
    public double PeakMebibytes => double.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;

    /// <summary>The processor time of the server so far.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static async Task<RunningServer> StartAsync(string folder, params string[] settings)
    {
        var (http, raw) = (FindFreePort(), FindFreePort());
        var began = Stopwatch.StartNew();
        var process = Process.Start(new ProcessStartInfo("dotnet", [
            typeof(Server.Program).Assembly.Location, "--urls", $"http://127.0.0.1:{http}", "--RawTcp:Port", $"{raw}",
            "--Limits:Enabled", "false", "--Data:Path", folder, .. settings])
        { RedirectStandardOutput = true })!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("To join", StringComparison.Ordinal))
                continue;
            // Read the further output, because the server waits when the pipe is full.
            _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
            return new RunningServer(process, http, raw, began.Elapsed);
        }

        throw new InvalidOperationException("the server did not start");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }
}
