using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Transports.RawTcp;

namespace RawSocketChat.Server.Hosting;

/// <summary>The HTTP addresses on which the server listens.</summary>
public static class WebAddress
{
    /// <summary>
    /// Gets the address to show for the page: the first bound address. If the server listens on all hosts, <c>localhost</c> replaces the
    /// host.
    /// </summary>
    public static Uri GetPageAddress(IServiceProvider services)
    {
        var first = GetAll(services)[0];
        return IPAddress.TryParse(first.Host.Trim('[', ']'), out var host) && (host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any))
            ? new UriBuilder(first) { Host = "localhost" }.Uri
            : first;
    }

    /// <summary>
    /// Gets all bound addresses except those of the raw TCP port. The addresses are known only after the server has started.
    /// </summary>
    public static IReadOnlyList<Uri> GetAll(IServiceProvider services)
    {
        var addresses = services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        var rawPort = services.GetRequiredService<IOptions<RawTcpOptions>>().Value.Port;
        return [.. addresses.Select(address => new Uri(address)).Where(address => address.Port != rawPort)];
    }
}
