using System.Globalization;
using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Storage;

namespace RawSocketChat.Tests.Benchmarks.Nodes.Processes;

/// <summary>One server with SQLite, or several servers with one database of PostgreSQL. Dispose ends them.</summary>
internal sealed class ChatServers : IAsyncDisposable
{
    private readonly BenchmarkFolder _folder;
    private readonly List<RunningServer> _servers = [];

    private ChatServers(BenchmarkFolder folder) => _folder = folder;

    public int Count => _servers.Count;

    /// <summary>The ports for raw TCP.</summary>
    public IReadOnlyList<int> RawPorts => [.. _servers.Select(server => server.RawPort)];

    /// <summary>The processor time of all servers so far, in seconds.</summary>
    public double CpuSeconds => GetCpu().Total / 1e6;

    /// <summary>The processor time of all servers so far.</summary>
    public CpuTime GetCpu() => _servers.Aggregate(default(CpuTime), (sum, server) => sum + CpuTime.ForProcess(server.Id));

    /// <summary>The processor time so far of the threads that store messages, one at each server, in seconds.</summary>
    public double WriterSeconds => _servers.SelectMany(server => Directory.GetDirectories($"/proc/{server.Id}/task")).Sum(ReadWriterSeconds);

    /// <summary>Starts servers.</summary>
    /// <param name="count">The number of servers.</param>
    /// <param name="database">The connection string of the database; null for one server with SQLite.</param>
    /// <param name="folder">The folder for the data folders; null for the temporary folder.</param>
    /// <param name="settings">Further settings of all servers, such as <c>--Fanout:GatherMilliseconds 0</c>.</param>
    /// <exception cref="BenchmarkException">A server does not start.</exception>
    public static async Task<ChatServers> StartAsync(int count, string? database, string? folder, IReadOnlyList<string> settings)
    {
        var servers = new ChatServers(new BenchmarkFolder(folder));
        try
        {
            string[] storage = database is null ? ["--Data:Durability", "full"] : ["--Data:Postgres", database, "--Data:Nodes", "true"];
            for (var i = 0; i < count; i++)
            {
                var data = Directory.CreateDirectory(Path.Combine(servers._folder.Folder, $"server{i}")).FullName;
                servers._servers.Add(await RunningServer.StartAsync(data, [.. storage, "--Files:Enabled", "false", .. settings]));
            }

            return servers;
        }
        catch (InvalidOperationException fault)
        {
            await servers.DisposeAsync();
            throw new BenchmarkException(fault.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
        _folder.Dispose();
    }

    // The name of the thread is that in GroupCommit. proc(5), schedstat: the first number is the time on a processor, in nanoseconds.
    private static double ReadWriterSeconds(string thread)
    {
        try
        {
            return File.ReadAllText($"{thread}/comm").Trim() == "storage writer"
                ? long.Parse(File.ReadAllText($"{thread}/schedstat").Split(' ')[0], CultureInfo.InvariantCulture) / 1e9
                : 0;
        }
        catch (IOException)
        {
            return 0; // The thread has ended.
        }
    }
}
