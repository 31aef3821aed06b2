using System.Diagnostics;

namespace RawSocketChat.Tests.Support;

/// <summary>The server in a separate process.</summary>
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

    /// <summary>The lines printed so far, on standard output and standard error.</summary>
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

    /// <summary>Starts the server and waits until it has printed how to join. The data folder is temporary, unless <paramref name="settings"/> name one.</summary>
    public static async Task<ServerProcess> StartAsync(params string[] settings)
    {
        var server = StartWithoutWaiting(settings);
        await server.WaitUntilReadyAsync();
        return server;
    }

    /// <summary>Starts the server with environment variables, and waits until it has printed how to join.</summary>
    public static async Task<ServerProcess> StartAsync((string Name, string Value)[] environment, params string[] settings)
    {
        var server = StartWithoutWaiting(settings, environment);
        await server.WaitUntilReadyAsync();
        return server;
    }

    /// <summary>Starts a server whose managed heap cannot grow beyond a limit. The process ends if the server needs more.</summary>
    public static async Task<ServerProcess> StartWithHeapLimitAsync(long bytes, params string[] settings)
    {
        var server = StartWithoutWaiting(settings, ("DOTNET_GCHeapHardLimit", $"0x{bytes:x}"));
        await server.WaitUntilReadyAsync();
        return server;
    }

    /// <summary>Starts the server without waiting, for tests that end it before it is ready.</summary>
    public static ServerProcess StartWithoutWaiting(params string[] settings) => StartWithoutWaiting(settings, []);

    private static ServerProcess StartWithoutWaiting(string[] settings, params (string Name, string Value)[] environment)
    {
        var data = new TemporaryFolder();
        var server = new ServerProcess(Launch(data, settings, environment), data);
        server._process.OutputDataReceived += (_, line) => server.Add(line.Data);
        server._process.ErrorDataReceived += (_, line) => server.Add(line.Data);
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    /// <summary>Waits until the server has printed how to join.</summary>
    public async Task WaitUntilReadyAsync()
    {
        await TestWait.UntilAsync(() => IsReady || _process.HasExited, "the server to start");
        if (IsReady)
            return;
        await _process.WaitForExitAsync();
        throw new AssertionException($"the server did not start:\n{string.Join('\n', Lines)}");
    }

    /// <summary>Runs a server until it ends by itself.</summary>
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

    /// <summary>Kills the server (SIGKILL), and waits for its end.</summary>
    public async Task KillAsync()
    {
        Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Kills the server (SIGKILL) without waiting for its end.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Sends the server a signal that does not end it, such as STOP or CONT.</summary>
    public Task SignalAsync(string signal) => Shell.RunAsync($"kill -{signal} {Id}");

    /// <summary>Stops the server (SIGTERM), and waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await _process.WaitForExitAsync().OrFail("the server to shut down");
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
        // These variables change what the server prints. The tests must not depend on the environment of the machine.
        foreach (var name in (string[])["ASPNETCORE_HTTP_PORTS", "ASPNETCORE_HTTPS_PORTS", "DOTNET_RUNNING_IN_CONTAINER"])
            start.Environment.Remove(name);
        // Variables such as RSC_UPLOADS are for the tests. The server would treat them as misspelled settings.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("RSC_", StringComparison.Ordinal) && !name.Contains("__", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
