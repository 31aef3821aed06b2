using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Transports.RawTcp;

namespace RawSocketChat.Server.Hosting;

/// <summary>Where a browser finds the page.</summary>
public static class WebAddress
{
    /// <summary>The first of all, with a name that can be asked for where it stands for all addresses.</summary>
    public static Uri Of(IServiceProvider services)
    {
        var first = AllOf(services)[0];
        return IPAddress.TryParse(first.Host.Trim('[', ']'), out var host) && (host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any))
            ? new UriBuilder(first) { Host = "localhost" }.Uri
            : first;
    }

    /// <summary>All addresses but the raw port's, as they were bound. Not known before the server has started.</summary>
    public static IReadOnlyList<Uri> AllOf(IServiceProvider services)
    {
        var addresses = services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        var rawPort = services.GetRequiredService<IOptions<RawTcpOptions>>().Value.Port;
        return [.. addresses.Select(address => new Uri(address)).Where(address => address.Port != rawPort)];
    }
}
