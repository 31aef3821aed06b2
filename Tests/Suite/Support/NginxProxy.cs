using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Tests.Support;

/// <summary>A real nginx process in front of a server, with its own folder.</summary>
public sealed class NginxProxy : IAsyncDisposable
{
    private readonly Process _process;
    private readonly TemporaryFolder _folder;

    private NginxProxy(Process process, TemporaryFolder folder, int port)
    {
        _process = process;
        _folder = folder;
        Port = port;
    }

    public int Port { get; }

    /// <param name="backend">The server's HTTP port.</param>
    /// <param name="location">More directives for the location, in addition to <c>proxy_pass</c>.</param>
    /// <param name="paths">Maps the path of each further location to the HTTP port of its server. nginx removes this path from the request.</param>
    public static Task<NginxProxy> StartAsync(int backend, string location = "", Dictionary<string, int>? paths = null)
    {
        const string WebSocket = "proxy_set_header Host $http_host; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;";
        var others = string.Concat((paths ?? []).Select(one => $"location {one.Key} {{ proxy_pass http://127.0.0.1:{one.Value}/; {WebSocket} }}\n"));
        return StartAsync($$"""location / { proxy_pass http://127.0.0.1:{{backend}}; {{location}} }""" + "\n" + others);
    }

    /// <param name="locations">The <c>location</c> blocks of the server.</param>
    public static async Task<NginxProxy> StartAsync(string locations)
    {
        var folder = new TemporaryFolder();
        var port = ServerUnderTest.FindFreePort();
        var configuration = Path.Combine(folder.Path, "nginx.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            daemon off;
            worker_processes 1;
            pid {{folder.Path}}/nginx.pid;
            error_log {{folder.Path}}/error.log;
            events { worker_connections 1024; }
            http {
                access_log off;
                client_body_temp_path {{folder.Path}}/body;
                proxy_temp_path {{folder.Path}}/proxy;
                fastcgi_temp_path {{folder.Path}}/fastcgi;
                uwsgi_temp_path {{folder.Path}}/uwsgi;
                scgi_temp_path {{folder.Path}}/scgi;
                server {
                    listen 127.0.0.1:{{port}};
                    {{locations}}
                }
            }
            """);
        var process = Process.Start(new ProcessStartInfo("/usr/sbin/nginx", ["-e", $"{folder.Path}/error.log", "-p", folder.Path, "-c", configuration]))
            ?? throw new AssertionException("nginx does not start; run: apt-get install nginx-light");
        var proxy = new NginxProxy(process, folder, port);
        await TestWait.UntilAsync(() => process.HasExited || IsListening(port), "nginx to listen");
        if (process.HasExited)
            throw new AssertionException($"nginx ended: {await File.ReadAllTextAsync($"{folder.Path}/error.log")}");
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
