using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Tests.Support;

/// <summary>The process of a real proxy. Dispose ends the process and deletes its folder.</summary>
internal sealed class ProxyProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly TemporaryFolder _folder;

    private ProxyProcess(Process process, TemporaryFolder folder) => (_process, _folder) = (process, folder);

    /// <summary>Starts a proxy, and waits until it listens.</summary>
    /// <param name="start">The program with its arguments.</param>
    /// <param name="folder">The folder of the proxy.</param>
    /// <param name="port">The port on which the proxy will listen.</param>
    /// <param name="package">The Debian package of the program, for an error text.</param>
    /// <param name="readError">Reads why the proxy has ended; null if the proxy has no file for this.</param>
    public static async Task<ProxyProcess> StartAsync(ProcessStartInfo start, TemporaryFolder folder, int port, string package, Func<Task<string>>? readError = null)
    {
        var name = Path.GetFileName(start.FileName);
        var process = Process.Start(start) ?? throw new AssertionException($"{name} does not start; run: apt-get install {package}");
        await TestWait.UntilAsync(() => process.HasExited || IsListening(port), $"{name} to listen");
        if (process.HasExited)
            throw new AssertionException($"{name} ended: {(readError is null ? $"exit code {process.ExitCode}" : await readError())}");
        return new ProxyProcess(process, folder);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    private static bool IsListening(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
