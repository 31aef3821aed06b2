using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Nodes;

/// <summary>Several server processes with one database of the shared PostgreSQL server.</summary>
internal sealed class NodeCluster : IAsyncDisposable
{
    private readonly ServerProcess[] _servers;

    private NodeCluster(ServerProcess[] servers, int[] ports, string database)
    {
        (_servers, Ports, Database) = (servers, ports, database);
    }

    /// <summary>The HTTP ports of the servers.</summary>
    public IReadOnlyList<int> Ports { get; }

    /// <summary>The connection string of the database.</summary>
    public string Database { get; }

    /// <param name="count">The number of servers.</param>
    /// <param name="settings">Further settings of all servers.</param>
    /// <param name="relays">The ports of relays to PostgreSQL. Server i uses relay i if there is one, and otherwise connects to PostgreSQL directly.</param>
    public static async Task<NodeCluster> StartAsync(int count, string[]? settings = null, params int[] relays)
    {
        var database = await PostgresServer.CreateDatabaseAsync();
        var ports = Enumerable.Range(0, count).Select(_ => ServerUnderTest.FindFreePort()).ToArray();
        var name = new Npgsql.NpgsqlConnectionStringBuilder(database).Database;
        var servers = await Task.WhenAll(ports.Select((port, i) => ServerProcess.StartAsync(
        [
            "--urls", $"http://127.0.0.1:{port}", "--RawTcp:Port", "0", "--Data:Nodes", "true", "--Files:Enabled", "false",
            "--Data:Postgres", i < relays.Length ? $"Host=127.0.0.1;Port={relays[i]};Username=chat;Database={name}" : database,
            .. settings ?? [],
        ])));
        return new NodeCluster(servers, ports, database);
    }

    /// <summary>Kills a server (SIGKILL).</summary>
    public Task KillAsync(int server) => _servers[server].KillAsync();

    /// <summary>The lines that a server has printed.</summary>
    public string GetOutput(int server) => string.Join('\n', _servers[server].Lines);

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
        PostgresServer.RemoveDatabase(Database);
    }
}
