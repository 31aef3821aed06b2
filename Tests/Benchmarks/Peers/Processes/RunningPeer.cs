using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using RawSocketChat.Tests.Benchmarks.Peers.Load;

namespace RawSocketChat.Tests.Benchmarks.Peers.Processes;

/// <summary>A peer that runs, in a process and a folder of its own. Both are gone when it is disposed, or this process ends.</summary>
internal sealed class RunningPeer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly Process _process;
    private readonly string _folder;
    private readonly bool _hasWorkers;
    private readonly List<string> _said = [];

    private RunningPeer(Process process, string folder, int port, bool hasWorkers)
    {
        (_process, _folder, _hasWorkers) = (process, folder, hasWorkers);
        EndPoint = new IPEndPoint(IPAddress.Loopback, port);
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        _process.OutputDataReceived += (_, line) => Said(line.Data);
        _process.ErrorDataReceived += (_, line) => Said(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public EndPoint EndPoint { get; }

    public int Id => _process.Id;

    /// <summary>Starts it, and returns when it listens.</summary>
    /// <exception cref="LoadException">It ended, or does not listen after half a minute.</exception>
    public static async Task<RunningPeer> StartAsync(Peer peer, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("rawsocketchat-peer-").FullName;
        RunningPeer? running = null;
        try
        {
            var port = FreePort();
            var start = peer.Start(port, folder);
            // Those that watch it end with this process, however that ends.
            (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
            running = new RunningPeer(Process.Start(start)!, folder, port, peer.HasWorkers);
            await running.ListensAsync(cancel);
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
            await EndAsync();
        Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ListensAsync(CancellationToken cancel)
    {
        for (var began = Stopwatch.GetTimestamp(); !Listens(); await Task.Delay(Look, TimeProvider.System, cancel))
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(began) > Patience)
            {
                // What it said last may still be on its way.
                if (_process.HasExited)
                    await _process.WaitForExitAsync(cancel);
                lock (_said)
                    throw new LoadException($"does not listen: {string.Join(" ", _said)}");
            }
        }
    }

    private bool Listens()
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

    private async Task EndAsync()
    {
        Kernel.Terminate(_process.Id);
        try
        {
            await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(Farewell, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            // it is killed, then
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
            // has ended
        }
    }

    private void Said(string? line)
    {
        if (line is null)
            return;
        lock (_said)
        {
            // The first lines of what went wrong say it.
            if (_said.Count < 3)
                _said.Add(line.Trim());
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
