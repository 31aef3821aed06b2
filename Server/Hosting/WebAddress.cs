using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Transports.RawTcp;

namespace RawSocketChat.Server.Hosting;

/// <summary>Where a browser finds the page.</summary>
public static class WebAddress
{
    /// <summary>The first address that is not the raw port's, as it was bound. Not known before the server has started.</summary>
    public static Uri Of(IServiceProvider services)
    {
        var addresses = services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        var rawPort = services.GetRequiredService<IOptions<RawTcpOptions>>().Value.Port;
        return addresses.Select(address => new Uri(address)).First(address => address.Port != rawPort);
    }
}
