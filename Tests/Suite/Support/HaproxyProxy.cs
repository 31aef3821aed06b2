using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Tests.Support;

/// <summary>A real haproxy process in front of several servers. It sends each connection to the next server that is ready.</summary>
public sealed class HaproxyProxy : IAsyncDisposable
{
    private readonly Process _process;
    private readonly TemporaryFolder _folder;

    private HaproxyProxy(Process process, TemporaryFolder folder, int port) => (_process, _folder, Port) = (process, folder, port);

    public int Port { get; }

    /// <param name="backends">The HTTP ports of the servers.</param>
    public static async Task<HaproxyProxy> StartAsync(IReadOnlyList<int> backends)
    {
        var folder = new TemporaryFolder();
        var port = ServerUnderTest.FindFreePort();
        var configuration = Path.Combine(folder.Path, "haproxy.cfg");
        await File.WriteAllTextAsync(configuration, $"""
            defaults
                mode http
                timeout connect 2s
                timeout client 60s
                timeout server 60s
                timeout tunnel 1h
            frontend chat
                bind 127.0.0.1:{port}
                default_backend servers
            backend servers
                balance roundrobin
                option httpchk GET /readyz
                default-server check inter 500ms fall 2 rise 1
                {string.Join("\n    ", backends.Select((backend, i) => $"server s{i} 127.0.0.1:{backend}"))}

            """);
        var process = Process.Start(new ProcessStartInfo("/usr/sbin/haproxy", ["-db", "-q", "-f", configuration]))
            ?? throw new AssertionException("haproxy does not start; run: apt-get install haproxy");
        var proxy = new HaproxyProxy(process, folder, port);
        await TestWait.UntilAsync(() => process.HasExited || IsListening(port), "haproxy to listen");
        if (process.HasExited)
            throw new AssertionException($"haproxy ended with the exit code {process.ExitCode}");
        return proxy;
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
