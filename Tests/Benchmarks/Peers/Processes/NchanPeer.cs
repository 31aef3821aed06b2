using System.Diagnostics;
using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;

namespace RawSocketChat.Tests.Benchmarks.Peers.Processes;

/// <summary>
/// nginx with the nchan module. It has one worker, because each of the other peers has one process. Each POST goes to all WebSockets.
/// </summary>
internal sealed class NchanPeer : Peer
{
    private const string Package = "libnginx-mod-nchan";
    private const string Module = "/usr/lib/nginx/modules/ngx_nchan_module.so";

    public override Wire Wire => new NchanWire();

    public override string? DescribeMissing() => File.Exists(Module) && CommandRunner.Find("nginx") is not null
        ? null
        : $"{Name}: apt-get install --no-install-recommends nginx-light {Package} (as root; --install does it)";

    public override bool HasWorkers => true;

    /// <summary>Installs nginx and nchan with apt-get, as root.</summary>
    public static async Task InstallPackagesAsync(CancellationToken cancel)
    {
        await CommandRunner.RunAsync("apt-get", ["update"], null, cancel);
        var (exitCode, output) = await CommandRunner.RunAsync("apt-get", ["install", "-y", "--no-install-recommends", "nginx-light", Package], null, cancel);
        if (exitCode != 0)
            throw new LoadException($"apt-get install {Package} failed: {output.Trim().Split('\n')[^1]}");
    }

    public override async Task<string> GetVersionAsync(CancellationToken cancel)
    {
        var nginx = (await CommandRunner.RunAsync("nginx", ["-v"], null, cancel)).Output.Trim().Split('/')[^1];
        var nchan = (await CommandRunner.RunAsync("dpkg-query", ["--show", "--showformat=${Version}", Package], null, cancel)).Output.Trim();
        return $"nginx {nginx}, nchan {nchan}";
    }

    public override ProcessStartInfo CreateStartInfo(int port, string folder)
    {
        var configuration = Path.Combine(folder, "nginx.conf");
        File.WriteAllText(configuration, $$"""
            load_module {{Module}};
            daemon off;
            worker_processes 1;
            pid {{folder}}/nginx.pid;
            error_log {{folder}}/error.log;
            events { worker_connections 19990; }
            http {
                access_log off;
                keepalive_requests 1000000000;
                client_body_temp_path {{folder}}/body;
                proxy_temp_path {{folder}}/proxy;
                fastcgi_temp_path {{folder}}/fastcgi;
                uwsgi_temp_path {{folder}}/uwsgi;
                scgi_temp_path {{folder}}/scgi;
                server {
                    listen 127.0.0.1:{{port}} backlog=4096;
                    location = {{NchanWire.PublishPath}} {
                        nchan_publisher;
                        nchan_channel_id peers;
                    }
                    location = {{NchanWire.SubscribePath}} {
                        nchan_subscriber websocket;
                        nchan_channel_id peers;
                        nchan_subscriber_first_message newest;
                    }
                }
            }
            """);
        return new ProcessStartInfo(CommandRunner.Find("nginx")!, ["-e", $"{folder}/error.log", "-p", folder, "-c", configuration]) { WorkingDirectory = folder };
    }
}
