using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Hosting.Tls;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Server.Transports.RawTcp;
using RawSocketChat.Server.Transports.WebSockets;

namespace RawSocketChat.Server.Hosting;

/// <summary>Binds the HTTP addresses, and the raw port wherever they are bound.</summary>
public static class Listening
{
    public const string DefaultUrls = "http://localhost:5080";

    private const int ProbeSeconds = 15;
    private const int Probes = 4;

    // linux/tcp.h: TCP_USER_TIMEOUT, in milliseconds. .NET has no name for it.
    private const int TcpUserTimeout = 18;

    /// <exception cref="SettingException">An address that cannot be bound, or a certificate that cannot be served.</exception>
    public static void Bind(this KestrelServerOptions kestrel, IReadOnlyList<string> urls, IConfiguration configuration)
    {
        var rawPort = configuration.Read<RawTcpOptions>(RawTcpOptions.Section).Port;
        var tls = configuration.Read<TlsOptions>(TlsOptions.Section);
        tls.Check(urls.Any(url => Parse(url).Scheme == "https"));
        var isTakenOver = configuration.Read<TransportOptions>(TransportOptions.Section).Takeover;
        var hosts = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var url in urls)
        {
            var address = Parse(url);
            kestrel.ListenOn(address.Host, address.Port, options =>
            {
                if (address.Scheme == "https")
                    options.UseTls();
                if (isTakenOver)
                    options.UseHttpTakeover();
                options.UseHalfClose();
            });
            hosts.Add(address.Host);
        }

        foreach (var host in rawPort > 0 ? WithoutCovered(hosts) : [])
            kestrel.ListenOn(host, rawPort, options => options.UseConnectionHandler<RawTcpHandler>());
    }

    // Two addresses of different ports may be the same host by two names, and the raw port is one.
    internal static IEnumerable<string> WithoutCovered(IReadOnlyCollection<string> hosts)
    {
        if (hosts.FirstOrDefault(IsAny) is { } any)
            return [any];
        var hasLocalhost = hosts.Contains("localhost", StringComparer.OrdinalIgnoreCase);
        return hosts.Where(host => !hasLocalhost || !IPAddress.TryParse(host.Trim('[', ']'), out var address) || !(address.Equals(IPAddress.Loopback) || address.Equals(IPAddress.IPv6Loopback)));
    }

    // As ListenOn has it: a name that is neither localhost nor an address stands for all of them.
    private static bool IsAny(string host) =>
        !host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        && (!IPAddress.TryParse(host.Trim('[', ']'), out var address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    public static IReadOnlyList<string> UrlsOf(IConfiguration configuration) =>
        (configuration["urls"] is { Length: > 0 } given ? given : DefaultUrls).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>
    /// A listening socket whose connections inherit the keep-alive, as Linux has it. While something is under way to a peer that
    /// has vanished, TCP asks nothing and sends that again, for a quarter of an hour; so the same patience is set for it. It holds for
    /// peers that take nothing as well, and is never shorter than theirs: as long as they may stall, and to read why they were let go.
    /// </summary>
    public static Socket WithKeepAlive(EndPoint endpoint, ConnectionOptions options)
    {
        var seconds = options.TcpKeepAliveSeconds;
        var patience = Math.Max(seconds + (ProbeSeconds * Probes), 2 * options.StallSeconds);
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, seconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, TcpUserTimeout, BitConverter.GetBytes(patience * 1000));
        return socket;
    }

    private static BindingAddress Parse(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            if (address.Scheme is "http" or "https" && !address.IsUnixPipe && !address.IsNamedPipe && address.PathBase.Length == 0)
                return address;
        }
        catch (FormatException)
        {
            // The same answer as for an address of another kind.
        }

        throw new SettingException($"--urls: \"{url}\" is not an address to listen on; try: --urls {DefaultUrls}");
    }

    private static void ListenOn(this KestrelServerOptions kestrel, string host, int port, Action<ListenOptions> configure)
    {
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) && port != 0)
            kestrel.ListenLocalhost(port, configure);
        else if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            kestrel.Listen(IPAddress.Loopback, port, configure);
        else if (IPAddress.TryParse(host.Trim('[', ']'), out var address))
            kestrel.Listen(address, port, configure);
        else
            kestrel.ListenAnyIP(port, configure);
    }
}
