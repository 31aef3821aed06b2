using System.Globalization;
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

/// <summary>Binds the HTTP addresses, the raw TCP port on the same hosts, and the Unix domain sockets.</summary>
public static class ListenerSetup
{
    public const string DefaultUrls = "http://localhost:5080";

    // ASP.NET Core's variables for containers: ports on all network interfaces. Microsoft's images set the first one to 8080.
    private static readonly (string Key, string Scheme)[] PortVariables = [("http_ports", "http"), ("https_ports", "https")];

    // Only processes of this machine can use a Unix domain socket, so its peers get the address of this machine.
    private static readonly IPEndPoint ThisMachine = new(IPAddress.Loopback, 0);

    private const int ProbeSeconds = 15;
    private const int Probes = 4;

    // linux/tcp.h: TCP_USER_TIMEOUT, in milliseconds. .NET has no name for this option.
    private const int TcpUserTimeout = 18;

    /// <exception cref="SettingException">An address is not valid, or the certificate cannot be used.</exception>
    public static void Bind(this KestrelServerOptions kestrel, IReadOnlyList<string> urls, IConfiguration configuration)
    {
        var raw = configuration.Read<RawTcpOptions>(RawTcpOptions.Section);
        var tls = configuration.Read<TlsOptions>(TlsOptions.Section);
        tls.Validate(urls.Any(url => Parse(url).Scheme == "https"));
        var isTakenOver = configuration.Read<TransportOptions>(TransportOptions.Section).Takeover;
        var proxies = configuration.Read<ProxyOptions>(ProxyOptions.Section);
        var trusted = TrustedAddresses.Parse(proxies);
        proxies.Validate();
        var hosts = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var url in urls)
        {
            var address = Parse(url);
            if (address.IsUnixPipe)
            {
                kestrel.ListenAt(UnixSocketFile.CreateEndPoint("urls", address.UnixPipePath), options => ConfigureHttp(options, address.Scheme));
                continue;
            }

            kestrel.ListenOn(address.Host, address.Port, options => ConfigureHttp(options, address.Scheme));
            hosts.Add(address.Host);
        }

        foreach (var host in raw.Port > 0 ? RemoveCoveredHosts(hosts) : [])
            kestrel.ListenOn(host, raw.Port, ConfigureRawTcp);
        if (raw.GetSocketPath() is { } path)
            kestrel.ListenAt(UnixSocketFile.CreateEndPoint($"{RawTcpOptions.Section}:{nameof(RawTcpOptions.Socket)}", path), ConfigureRawTcp);

        void ConfigureHttp(ListenOptions options, string scheme)
        {
            options.UseConnectionDrain();
            if (proxies.ProxyProtocolHttp)
                options.UseProxyProtocol(trusted);
            if (scheme == "https")
                options.UseTls();
            if (isTakenOver)
                options.UseConnectionTakeover();
            options.UseHalfClose();
        }

        void ConfigureRawTcp(ListenOptions options)
        {
            if (proxies.ProxyProtocolRawTcp)
                options.UseProxyProtocol(trusted);
            options.UseConnectionHandler<RawTcpHandler>();
        }
    }

    // Removes hosts that another host of the list covers, because the raw TCP port must be bound only once for each host. Addresses with different
    // ports can name the same host, even in different ways.
    internal static IEnumerable<string> RemoveCoveredHosts(IReadOnlyCollection<string> hosts)
    {
        if (hosts.FirstOrDefault(IsAnyAddress) is { } any)
            return [any];
        var hasLocalhost = hosts.Contains("localhost", StringComparer.OrdinalIgnoreCase);
        return hosts.Where(host => !hasLocalhost || !IPAddress.TryParse(host.Trim('[', ']'), out var address) || !(address.Equals(IPAddress.Loopback) || address.Equals(IPAddress.IPv6Loopback)));
    }

    // For a name that is neither localhost nor an IP address, ListenOn binds all addresses of this machine.
    private static bool IsAnyAddress(string host) =>
        !host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        && (!IPAddress.TryParse(host.Trim('[', ']'), out var address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    /// <summary>
    /// Returns the addresses to listen on: <c>urls</c> if it is set, otherwise the ports of <see cref="PortVariables"/> if one is set, otherwise the
    /// default.
    /// </summary>
    /// <exception cref="SettingException">A port is not a number.</exception>
    public static IReadOnlyList<string> GetUrls(IConfiguration configuration) =>
        Split(configuration["urls"]) is { Length: > 0 } given ? given
            : GetPortUrls(configuration) is { Count: > 0 } ports ? ports
            : [DefaultUrls];

    /// <summary>
    /// Creates a bound socket that is ready to listen. A TCP socket uses TCP keep-alive. On Linux, accepted connections inherit the socket's options.
    /// Keep-alive sends no probe while sent data is unconfirmed: TCP retransmits for about 15 minutes instead. So TCP_USER_TIMEOUT is set to the
    /// timeout of the keep-alive. But TCP_USER_TIMEOUT also ends connections whose peer reads nothing, so it is at least twice
    /// <see cref="ConnectionOptions.StallSeconds"/>: once for the stall, and once for the peer to read the close message.
    /// </summary>
    public static Socket CreateListenSocket(EndPoint endpoint, ConnectionOptions options)
    {
        var seconds = options.TcpKeepAliveSeconds;
        var userTimeoutSeconds = Math.Max(seconds + (ProbeSeconds * Probes), 2 * options.StallSeconds);
        if (endpoint is UnixDomainSocketEndPoint file)
            return UnixSocketFile.Bind(file);
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, seconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, TcpUserTimeout, BitConverter.GetBytes(userTimeoutSeconds * 1000));
        return socket;
    }

    private static string[] Split(string? list) => list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    // Returns the addresses of ASP.NET Core's variables for containers.
    private static List<string> GetPortUrls(IConfiguration configuration)
    {
        var urls = new List<string>();
        foreach (var (key, scheme) in PortVariables)
        {
            foreach (var port in Split(configuration[key]))
            {
                if (!ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                    throw new SettingException($"ASPNETCORE_{key.ToUpperInvariant()}: \"{port}\" is not a port; try: ASPNETCORE_{key.ToUpperInvariant()}=8080");
                urls.Add($"{scheme}://*:{port}");
            }
        }

        return urls;
    }

    // Parses an address of --urls. Throws a SettingException if the server cannot listen on it.
    private static BindingAddress Parse(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            if (address.Scheme is "http" or "https" && address.IsUnixPipe)
                return address;
            if (address.Scheme is "http" or "https" && !address.IsNamedPipe && address.PathBase.Length == 0
                && address.Port is >= IPEndPoint.MinPort and <= IPEndPoint.MaxPort && IsHost(address.Host))
                return address;
        }
        catch (FormatException)
        {
            // A text that is not an address gets the same error as an address that the server does not support.
        }

        throw new SettingException($"--urls: \"{url}\" is not an address to listen on; try: --urls {DefaultUrls}");
    }

    // If the port is not a number, BindingAddress treats it as a part of the host, and ListenOn would bind all addresses of this machine.
    private static bool IsHost(string host) => host.StartsWith('[') ? IPAddress.TryParse(host.Trim('[', ']'), out _) : !host.Contains(':');

    private static void ListenAt(this KestrelServerOptions kestrel, UnixDomainSocketEndPoint file, Action<ListenOptions> configure) =>
        kestrel.ListenUnixSocket(file.ToString(), options =>
        {
            options.Use(next => connection =>
            {
                connection.RemoteEndPoint = ThisMachine;
                return next(connection);
            });
            configure(options);
        });

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
