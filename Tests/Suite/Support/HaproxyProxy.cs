using System.Diagnostics;

namespace RawSocketChat.Tests.Support;

/// <summary>A real haproxy process in front of several servers. It sends each connection to the next server that is ready.</summary>
public sealed class HaproxyProxy : IAsyncDisposable
{
    private readonly ProxyProcess _process;

    private HaproxyProxy(ProxyProcess process, int port) => (_process, Port) = (process, port);

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
        return new HaproxyProxy(await ProxyProcess.StartAsync(new ProcessStartInfo("/usr/sbin/haproxy", ["-db", "-q", "-f", configuration]), folder, port, "haproxy"), port);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
