using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace RawSocketChat.Tests.Benchmarks.Nodes.Processes;

/// <summary>
/// A PostgreSQL server with its own data in a temporary folder. It syncs its files. It listens on a free port of the loopback interface. Dispose
/// ends it and deletes the folder.
/// </summary>
internal sealed class PostgresCluster : IAsyncDisposable
{
    private const string User = "chat";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly string _folder;
    private Process? _process;
    private int _databases;

    private PostgresCluster(string folder) => _folder = folder;

    /// <summary>The process id of the server. The sessions and the background processes are its children.</summary>
    public int Id => _process!.Id;

    public int Port { get; } = FindFreePort();

    /// <summary>Whether the server counts the executions of statements (the extension pg_stat_statements).</summary>
    public bool HasStatements { get; private set; }

    private string LogFile => Path.Combine(_folder, "log");

    /// <summary>Starts a server.</summary>
    /// <param name="parent">The folder for the data, on the disk to measure; null for the temporary folder.</param>
    /// <param name="cancel">Cancels the start.</param>
    /// <exception cref="BenchmarkException">PostgreSQL is not installed, or does not start.</exception>
    public static async Task<PostgresCluster> StartAsync(string? parent, CancellationToken cancel)
    {
        var programs = FindPrograms() ?? throw new BenchmarkException("PostgreSQL is not installed; apt-get install postgresql", NodesCommand.PostgresMissing);
        var folder = Directory.CreateDirectory(Path.Combine(parent ?? Path.GetTempPath(), $"rawsocketchat-nodes-{Guid.NewGuid():n}")).FullName;
        var cluster = new PostgresCluster(folder);
        try
        {
            // PostgreSQL rejects the user root.
            string[] asUser = Environment.UserName != "root" ? [] : ["setpriv", $"--reuid={SystemUser}", $"--regid={SystemUser}", "--clear-groups"];
            if (asUser.Length > 0)
                await RunAsync(["chown", SystemUser, folder], cancel);
            await RunAsync([.. asUser, $"{programs}initdb", "-D", $"{folder}/data", "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], cancel);
            cluster.HasStatements = File.Exists(Path.Combine((await RunAsync([$"{programs}pg_config", "--pkglibdir"], cancel)).Trim(), "pg_stat_statements.so"));
            await cluster.StartProcessAsync([.. asUser, $"{programs}postgres"], cancel);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Creates an empty database. Returns its connection string.</summary>
    public async Task<string> CreateDatabaseAsync(CancellationToken cancel)
    {
        var name = $"chat{++_databases}";
        await using var connection = await OpenAsync(GetConnectionString("postgres"), cancel);
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync(cancel);
        return GetConnectionString(name);
    }

    /// <summary>Opens a connection that is not pooled.</summary>
    public static async Task<NpgsqlConnection> OpenAsync(string connectionString, CancellationToken cancel)
    {
        var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        try
        {
            await connection.OpenAsync(cancel);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await EndAsync(_process);
            _process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static string SystemUser => File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";

    private string GetConnectionString(string database) => $"Host=127.0.0.1;Port={Port};Username={User};Database={database}";

    // Debian keeps these programs out of PATH, because several versions can be installed. Returns the folder with a slash at the end, an empty string if
    // the programs are in PATH, or null.
    private static string? FindPrograms() => Directory.Exists("/usr/lib/postgresql") && Directory.GetDirectories("/usr/lib/postgresql") is { Length: > 0 } versions
        ? versions.OrderBy(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0).Last() + "/bin/"
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "initdb"))) ? "" : null;

    private async Task StartProcessAsync(string[] command, CancellationToken cancel)
    {
        // The logging collector is off, so PostgreSQL writes its log to standard error. This process reads it into a file, to print it after an error.
        string[] settings =
        [
            "-D", $"{_folder}/data", "-c", "listen_addresses=127.0.0.1", "-c", $"port={Port}", "-c", $"unix_socket_directories={_folder}", "-c", "max_connections=100",
            .. HasStatements ? ["-c", "shared_preload_libraries=pg_stat_statements"] : (string[])[],
        ];
        _process = Process.Start(new ProcessStartInfo(command[0], [.. command[1..], .. settings]) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" })!;
        _ = CopyLogAsync(_process);
        for (var start = Stopwatch.GetTimestamp(); ; await Task.Delay(PollInterval, cancel))
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(start) > StartTimeout)
                throw new BenchmarkException($"PostgreSQL does not start: {(File.Exists(LogFile) ? string.Join(" ", File.ReadLines(LogFile).TakeLast(3)) : "no log")}");
            try
            {
                await using var connection = await OpenAsync(GetConnectionString("postgres"), cancel);
                return;
            }
            catch (NpgsqlException)
            {
                // PostgreSQL is starting.
            }
        }
    }

    private async Task CopyLogAsync(Process process)
    {
        await using var log = new StreamWriter(new FileStream(LogFile, FileMode.Create, FileAccess.Write, FileShare.Read)) { AutoFlush = true };
        while (await process.StandardError.ReadLineAsync(CancellationToken.None) is { } line)
            await log.WriteLineAsync(line);
    }

    // SIGINT disconnects the sessions and stops the server with a checkpoint. If this takes too long, the server and its children are killed.
    private static async Task EndAsync(Process process)
    {
        if (process.HasExited)
            return;
        try
        {
            await RunAsync(["kill", "-INT", process.Id.ToString(CultureInfo.InvariantCulture)], CancellationToken.None);
            await process.WaitForExitAsync(CancellationToken.None).WaitAsync(StartTimeout);
        }
        catch (Exception fault) when (fault is TimeoutException or BenchmarkException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    // Returns the output of a command.
    private static async Task<string> RunAsync(string[] command, CancellationToken cancel)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" })!;
        string error;
        var output = process.StandardOutput.ReadToEndAsync(cancel);
        try
        {
            error = await process.StandardError.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }

        return process.ExitCode == 0 ? await output : throw new BenchmarkException($"{command[0]}: {error.Trim().ReplaceLineEndings(" ")}");
    }

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
