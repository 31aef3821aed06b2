using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using RawSocketChat.Tests.Benchmarks.Peers.Load;

namespace RawSocketChat.Tests.Benchmarks.Peers.Processes;

/// <summary>
/// A peer that runs in a separate process with a temporary folder. Dispose ends the process and deletes the folder. When the current
/// process exits, it also ends the peer's process.
/// </summary>
internal sealed class RunningPeer : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan TerminateTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly Process _process;
    private readonly string _folder;
    private readonly bool _hasWorkers;
    private readonly List<string> _output = [];

    private RunningPeer(Process process, string folder, int port, bool hasWorkers)
    {
        (_process, _folder, _hasWorkers) = (process, folder, hasWorkers);
        EndPoint = new IPEndPoint(IPAddress.Loopback, port);
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        _process.OutputDataReceived += (_, line) => AddOutput(line.Data);
        _process.ErrorDataReceived += (_, line) => AddOutput(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public EndPoint EndPoint { get; }

    public int Id => _process.Id;

    /// <summary>Starts the peer, and returns when it listens.</summary>
    /// <exception cref="LoadException">The peer ended, or does not listen after 30 seconds.</exception>
    public static async Task<RunningPeer> StartAsync(Peer peer, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("rawsocketchat-peer-").FullName;
        RunningPeer? running = null;
        try
        {
            var port = FindFreePort();
            var start = peer.CreateStartInfo(port, folder);
            // If the current process is killed, the redirected input ends. A peer that reads its standard input then ends too.
            (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
            running = new RunningPeer(Process.Start(start)!, folder, port, peer.HasWorkers);
            await running.WaitUntilListeningAsync(cancel);
            return running;
        }
        catch
        {
            if (running is not null)
                await running.DisposeAsync();
            else
                Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        if (_hasWorkers && !_process.HasExited)
            await TerminateAsync();
        Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task WaitUntilListeningAsync(CancellationToken cancel)
    {
        for (var start = Stopwatch.GetTimestamp(); !IsListening(); await Task.Delay(PollInterval, TimeProvider.System, cancel))
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(start) > StartTimeout)
            {
                // Wait for the last lines of output.
                if (_process.HasExited)
                    await _process.WaitForExitAsync(cancel);
                lock (_output)
                    throw new LoadException($"does not listen: {string.Join(" ", _output)}");
            }
        }
    }

    private bool IsListening()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(EndPoint);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task TerminateAsync()
    {
        Kernel.Terminate(_process.Id);
        try
        {
            await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(TerminateTimeout, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            // The caller kills the process.
        }
    }

    private void OnExit(object? sender, EventArgs e) => Kill();

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // The process has ended.
        }
    }

    private void AddOutput(string? line)
    {
        if (line is null)
            return;
        lock (_output)
        {
            // Keep only the first lines. They usually name the error.
            if (_output.Count < 3)
                _output.Add(line.Trim());
        }
    }

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
