using System.Diagnostics;
using Npgsql;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Postgres;

namespace RawSocketChat.Tests.Support;

/// <summary>
/// A PostgreSQL server for the tests, in a temporary folder. It listens on a Unix domain socket in this folder. It also listens on a TCP
/// port, for tests that cut connections. It uses no other cluster of the machine.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Template = "chat_template";
    private static readonly Lazy<Task<PostgresServer>> LazyShared = new(StartSharedAsync);
    private static int DatabaseCount;

    // PostgreSQL rejects the user root.
    private static readonly string AsUser = Environment.UserName != "root" ? "" : $"setpriv --reuid={User} --regid={User} --clear-groups ";

    private readonly TemporaryFolder _folder = new();
    private readonly string _settings;
    private Process? _process;

    private PostgresServer(string settings) => _settings = settings;

    /// <summary>The server of all fixtures. It does not sync its files, so it does not survive a crash of the machine.</summary>
    public static Task<PostgresServer> Shared => LazyShared.Value;

    public int Port { get; } = ServerUnderTest.FindFreePort();

    private static string User => File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";

    // Debian keeps these programs out of PATH, because several versions can be installed.
    private static string Programs => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").OrderBy(folder => int.Parse(Path.GetFileName(folder), System.Globalization.CultureInfo.InvariantCulture)).Last() + "/bin/"
        : "";

    /// <summary>Starts a server with its own data. The server syncs its files, unless the settings forbid it.</summary>
    /// <param name="settings">Further settings, such as <c>-c max_connections=10</c>.</param>
    public static async Task<PostgresServer> StartAsync(string settings = "")
    {
        var server = new PostgresServer(settings);
        try
        {
            // The default collation is not "C", so a test fails if a statement needs the order of bytes but does not request it with COLLATE "C".
            await RunAsync($"{(AsUser.Length > 0 ? $"chown {User} {server._folder.Path} && " : "")}{AsUser}{Programs}initdb -D {server._folder.Path}/data -U chat -A trust -E UTF8 --locale=C.UTF-8 --locale-provider=icu --icu-locale=en-US --no-sync");
            await server.StartProcessAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a standby of a primary. It copies the data, and receives the changes of the primary until <see cref="PromoteAsync"/>.</summary>
    /// <param name="primary">The primary.</param>
    /// <param name="settings">Further settings.</param>
    public static async Task<PostgresServer> StartStandbyAsync(PostgresServer primary, string settings = "")
    {
        var server = new PostgresServer(settings);
        try
        {
            await server.FollowAsync(primary);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops the shared server, if a test has started it.</summary>
    public static async Task StopSharedAsync()
    {
        if (LazyShared.IsValueCreated)
            await (await LazyShared.Value).DisposeAsync();
    }

    /// <summary>Creates an empty database on the shared server, with the tables of the chat. Returns its connection string.</summary>
    public static async Task<string> CreateDatabaseAsync() => await (await Shared).CreateDatabaseAsync(Template);

    /// <summary>Removes a database of the shared server.</summary>
    public static void RemoveDatabase(string connectionString) => Shared.Result.Execute($"DROP DATABASE \"{new NpgsqlConnectionStringBuilder(connectionString).Database}\" WITH (FORCE)");

    /// <summary>Creates a database from a template. The default template has no tables. Returns the connection string.</summary>
    public Task<string> CreateDatabaseAsync(string template = "template1")
    {
        var name = $"chat{Interlocked.Increment(ref DatabaseCount)}";
        Execute($"CREATE DATABASE {name} TEMPLATE {template}");
        return Task.FromResult(GetConnectionString(name));
    }

    /// <summary>The connection string for the Unix domain socket.</summary>
    public string GetConnectionString(string database) => $"Host={_folder.Path};Port={Port};Username=chat;Database={database}";

    /// <summary>Executes a statement in the database <c>postgres</c>.</summary>
    public void Execute(string sql) => ExecuteScalar(sql);

    /// <summary>Executes a query in the database <c>postgres</c>, and returns the first value of the first row.</summary>
    public object? ExecuteScalar(string sql)
    {
        using var connection = new NpgsqlConnection(GetConnectionString("postgres") + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }

    /// <summary>Starts a stopped server as a standby of another server, with a new copy of the data of that server.</summary>
    public async Task FollowAsync(PostgresServer primary)
    {
        var own = AsUser.Length > 0 ? $"chown {User} {_folder.Path} && " : "";
        await RunAsync($"rm -rf {_folder.Path}/data && {own}{AsUser}{Programs}pg_basebackup -D {_folder.Path}/data -R -c fast --no-sync -h {primary._folder.Path} -p {primary.Port} -U chat");
        await StartProcessAsync();
    }

    /// <summary>Makes a standby the primary.</summary>
    public Task PromoteAsync() => RunAsync($"{AsUser}{Programs}pg_ctl promote -D {_folder.Path}/data");

    /// <summary>Starts the server again after <see cref="KillAsync"/>.</summary>
    public async Task StartProcessAsync()
    {
        _process = Process.Start(new ProcessStartInfo("bash", ["-c", $"exec {AsUser}{Programs}postgres -D {_folder.Path}/data -c listen_addresses=127.0.0.1 -c port={Port} -c unix_socket_directories={_folder.Path} -c max_connections=300 {_settings} >>{_folder.Path}/log 2>&1"]) { WorkingDirectory = "/" })!;
        await TestWait.UntilAsync(
            () =>
            {
                if (_process.HasExited)
                    throw new AssertionException($"PostgreSQL did not start:\n{File.ReadAllText($"{_folder.Path}/log")}");
                try
                {
                    Execute("SELECT 1");
                    return true;
                }
                catch (NpgsqlException)
                {
                    return false;
                }
            },
            "PostgreSQL to start");
    }

    /// <summary>Kills the server and all its sessions together (SIGKILL).</summary>
    public async Task KillAsync()
    {
        // The sessions end only when they notice that the server is gone. So kill them too: they are the children of the server.
        await Shell.RunAsync($"kill -STOP {_process!.Id}; pkill -KILL -P {_process.Id}; kill -KILL {_process.Id}");
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            // SIGQUIT stops the server immediately, without a checkpoint.
            await Shell.RunAsync($"kill -QUIT {_process.Id}");
            await _process.WaitForExitAsync().OrFail("the end of PostgreSQL");
        }

        _process?.Dispose();
        _folder.Dispose();
    }

    private static async Task<PostgresServer> StartSharedAsync()
    {
        var server = await StartAsync("-c fsync=off -c full_page_writes=off");
        server.Execute($"CREATE DATABASE {Template}");
        using var folder = new TemporaryFolder();
        var options = new DataOptions { Path = folder.Path, Postgres = server.GetConnectionString(Template) };
        new PostgresStorage(Microsoft.Extensions.Options.Options.Create(options), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<PostgresStorage>.Instance).Dispose();
        // PostgreSQL ends the session of the storage a moment after the storage is disposed.
        await TestWait.UntilAsync(
            () =>
            {
                try
                {
                    server.Execute($"ALTER DATABASE {Template} IS_TEMPLATE true ALLOW_CONNECTIONS false");
                    return true;
                }
                catch (PostgresException)
                {
                    return false;
                }
            },
            "the template");
        return server;
    }

    private static async Task RunAsync(string command)
    {
        var output = await Shell.RunAsync($"cd / && {{ {command}; }} 2>&1; echo :$?");
        if (!output.EndsWith(":0\n", StringComparison.Ordinal))
            throw new AssertionException($"{command}:\n{output}");
    }
}
