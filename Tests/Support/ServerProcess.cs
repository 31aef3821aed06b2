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

    /// <summary>What it has printed so far, as output and as errors.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    private bool IsReady => Lines.Any(line => line.StartsWith("To join", StringComparison.Ordinal));

    /// <summary>Starts and waits until it has told how to join. Its data folder is its own unless one is given.</summary>
    public static async Task<ServerProcess> StartAsync(params string[] settings)
    {
        var server = Begin(settings);
        await server.ReadyAsync();
        return server;
    }

    /// <summary>Starts it, and leaves the waiting to <see cref="ReadyAsync"/>: for a test that ends it before it is ready.</summary>
    public static ServerProcess Begin(params string[] settings)
    {
        var data = new TemporaryFolder();
        var server = new ServerProcess(Launch(data, settings), data);
        server._process.OutputDataReceived += (_, line) => server.Add(line.Data);
        server._process.ErrorDataReceived += (_, line) => server.Add(line.Data);
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    /// <summary>Completes when it has told how to join.</summary>
    public async Task ReadyAsync()
    {
        await Patience.UntilAsync(() => IsReady || _process.HasExited, "the server to start");
        if (IsReady)
            return;
        await _process.WaitForExitAsync();
        throw new AssertionException($"the server did not start:\n{string.Join('\n', Lines)}");
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
        Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Tells the system to end it at once, as a crash would (SIGKILL), and does not wait for the end.</summary>
    public void Kill() => _process.Kill();

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

    private void Add(string? line)
    {
        if (line is null)
            return;
        lock (_lines)
            _lines.Add(line);
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
