using System.Diagnostics;

namespace RawSocketChat.Tests.Support;

/// <summary>The real server in a process of its own.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly TemporaryFolder _data;
    private readonly List<string> _lines = [];

    private ServerProcess(Process process, TemporaryFolder data)
    {
        _process = process;
        _data = data;
    }

    /// <summary>What it has printed so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public int Id => _process.Id;

    /// <summary>Starts and waits until it has told how to join. Its data folder is its own unless one is given.</summary>
    public static async Task<ServerProcess> StartAsync(params string[] settings)
    {
        var data = new TemporaryFolder();
        var server = new ServerProcess(Launch(data, settings), data);
        server._process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
                return;
            lock (server._lines)
                server._lines.Add(line.Data);
        };
        server._process.BeginOutputReadLine();
        var errors = server._process.StandardError.ReadToEndAsync();
        await Patience.UntilAsync(() => server.Lines.Any(line => line.StartsWith("To join", StringComparison.Ordinal)) || server._process.HasExited, "the server to start");
        if (server._process.HasExited)
            throw new AssertionException($"the server did not start: {await errors}");
        return server;
    }

    /// <summary>Runs a server that is expected to end by itself.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunToEndAsync(string[] settings, params (string Name, string Value)[] environment)
    {
        using var data = new TemporaryFolder();
        using var process = Launch(data, settings, environment);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().OrFail("the server to end");
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    /// <summary>Ends it at once, as a crash would.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks it to end (SIGTERM).</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await _process.WaitForExitAsync().OrFail("the server's orderly end");
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
        _data.Dispose();
    }

    private static Process Launch(TemporaryFolder data, string[] settings, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Server.Program).Assembly.Location, "--Data:Path", data.Path, .. settings])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
