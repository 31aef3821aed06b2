using Npgsql;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Nodes;

/// <summary>Several server processes with one database.</summary>
internal sealed class NodeCluster : IAsyncDisposable
{
    private readonly ServerProcess[] _servers;
    private readonly bool _ownsDatabase;

    private NodeCluster(ServerProcess[] servers, int[] ports, string database, bool ownsDatabase)
    {
        (_servers, Ports, Database, _ownsDatabase) = (servers, ports, database, ownsDatabase);
    }

    /// <summary>The HTTP ports of the servers.</summary>
    public IReadOnlyList<int> Ports { get; }

    /// <summary>The connection string of the database.</summary>
    public string Database { get; }

    /// <summary>Starts servers with a new database of the shared PostgreSQL server.</summary>
    /// <param name="count">The number of servers.</param>
    /// <param name="settings">Further settings of all servers.</param>
    /// <param name="relays">The ports of relays to PostgreSQL. Server i uses relay i if there is one, and otherwise connects to PostgreSQL directly.</param>
    public static async Task<NodeCluster> StartAsync(int count, string[]? settings = null, params int[] relays)
    {
        var database = await PostgresServer.CreateDatabaseAsync();
        var name = new NpgsqlConnectionStringBuilder(database).Database;
        var all = Enumerable.Range(0, count).Select(i => i < relays.Length ? $"Host=127.0.0.1;Port={relays[i]};Username=chat;Database={name}" : database);
        return await StartAsync([.. all], settings ?? [], database, ownsDatabase: true);
    }

    /// <summary>Starts servers with a database that the caller removes.</summary>
    public static Task<NodeCluster> StartAsync(int count, string[] settings, string database) => StartAsync([.. Enumerable.Repeat(database, count)], settings, database, ownsDatabase: false);

    /// <summary>Kills a server (SIGKILL).</summary>
    public Task KillAsync(int server) => _servers[server].KillAsync();

    /// <summary>Pauses a server (SIGSTOP) in the middle of a transaction.</summary>
    public async Task PauseInTransactionAsync(int server)
    {
        await using var connection = new NpgsqlConnection(Database + ";Pooling=false");
        await connection.OpenAsync();
        await TestWait.UntilAsync(
            async () =>
            {
                await _servers[server].SignalAsync("STOP");
                // The database may still execute a statement of the server.
                string? state = null;
                await TestWait.UntilAsync(async () => (state = await ReadStateAsync()) != "active", "the end of the statement");
                if (state == "idle in transaction")
                    return true;
                await _servers[server].SignalAsync("CONT");
                return false;
            },
            "the server to be in a transaction");

        async Task<string?> ReadStateAsync()
        {
            await using var command = new NpgsqlCommand(
                "SELECT state FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database() AND state IN ('active', 'idle in transaction') ORDER BY state LIMIT 1", connection)
            { Parameters = { new() { Value = GetApplicationName(server) } } };
            return await command.ExecuteScalarAsync() as string;
        }
    }

    /// <summary>Continues a paused server (SIGCONT).</summary>
    public Task ContinueAsync(int server) => _servers[server].SignalAsync("CONT");

    /// <summary>Returns the output of a server so far.</summary>
    public string GetOutput(int server) => string.Join('\n', _servers[server].Lines);

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
        if (_ownsDatabase)
            PostgresServer.RemoveDatabase(Database);
    }

    private static async Task<NodeCluster> StartAsync(string[] databases, string[] settings, string database, bool ownsDatabase)
    {
        var ports = databases.Select(_ => ServerUnderTest.FindFreePort()).ToArray();
        var servers = await Task.WhenAll(ports.Select((port, i) => ServerProcess.StartAsync(
        [
            "--urls", $"http://127.0.0.1:{port}", "--RawTcp:Port", "0", "--Data:Nodes", "true", "--Files:Enabled", "false",
            "--Data:Postgres", $"{databases[i]};Application Name={GetApplicationName(i)}",
            .. settings,
        ])));
        return new NodeCluster(servers, ports, database, ownsDatabase);
    }

    private static string GetApplicationName(int server) => $"server{server}";
}
