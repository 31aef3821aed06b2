using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Transports.RawTcp;

namespace RawSocketChat.Server.Hosting;

/// <summary>The HTTP addresses on which the server listens. They are known only after the server has started.</summary>
public static class WebAddress
{
    // Kestrel writes the address of a Unix domain socket as http://unix:/path.
    private const string UnixHost = "://unix:";

    /// <summary>
    /// Gets the address to show for the page: the first bound address, with the mount path. If the server listens on all network interfaces,
    /// <c>localhost</c> replaces the host. Null if the server listens only on Unix domain sockets.
    /// </summary>
    public static Uri? GetPageAddress(IServiceProvider services)
    {
        if (GetAll(services) is not [var first, ..])
            return null;
        var mount = MountPath.Read(services.GetRequiredService<IConfiguration>());
        return new UriBuilder(first) { Host = IsAnyAddress(first) ? "localhost" : first.Host, Path = $"{mount}/" }.Uri;
    }

    /// <summary>Gets all bound TCP addresses except those of the raw TCP port.</summary>
    public static IReadOnlyList<Uri> GetAll(IServiceProvider services)
    {
        var rawPort = services.GetRequiredService<IOptions<RawTcpOptions>>().Value.Port;
        return [.. GetBound(services).Where(address => !IsUnix(address)).Select(address => new Uri(address)).Where(address => address.Port != rawPort)];
    }

    /// <summary>Gets the paths of all Unix domain sockets for HTTP.</summary>
    public static IReadOnlyList<string> GetSockets(IServiceProvider services)
    {
        var rawSocket = services.GetRequiredService<IOptions<RawTcpOptions>>().Value.GetSocketPath();
        return [.. GetBound(services).Where(IsUnix).Select(GetSocketPath).Where(path => path != rawSocket)];
    }

    /// <summary>Whether only this machine can reach an address.</summary>
    public static bool IsLoopback(Uri address) =>
        address.Host == "localhost" || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var host) && IPAddress.IsLoopback(host));

    // Whether an address means all network interfaces: 0.0.0.0 or [::].
    private static bool IsAnyAddress(Uri address) =>
        IPAddress.TryParse(address.Host.Trim('[', ']'), out var host) && (host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any));

    private static ICollection<string> GetBound(IServiceProvider services) =>
        services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;

    private static bool IsUnix(string address) => address.Contains(UnixHost, StringComparison.Ordinal);

    private static string GetSocketPath(string address) => address[(address.IndexOf(UnixHost, StringComparison.Ordinal) + UnixHost.Length)..];
}
