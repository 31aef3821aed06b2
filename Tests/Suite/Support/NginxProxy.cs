using System.Diagnostics;

namespace RawSocketChat.Tests.Support;

/// <summary>A real nginx process in front of a server, with its own folder.</summary>
public sealed class NginxProxy : IAsyncDisposable
{
    private readonly ProxyProcess _process;

    private NginxProxy(ProxyProcess process, int port) => (_process, Port) = (process, port);

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
        var start = new ProcessStartInfo("/usr/sbin/nginx", ["-e", $"{folder.Path}/error.log", "-p", folder.Path, "-c", configuration]);
        return new NginxProxy(await ProxyProcess.StartAsync(start, folder, port, "nginx-light", () => File.ReadAllTextAsync($"{folder.Path}/error.log")), port);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
