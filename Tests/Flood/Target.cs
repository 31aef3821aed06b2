using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Tests.Flood;

/// <summary>Where the server is, and whether it may be flooded.</summary>
internal static class Target
{
    /// <summary>The addresses of the URL's host, in the resolver's order. What else is flooded may be, too.</summary>
    /// <exception cref="FloodException">The host is unknown, or not this machine and not allowed.</exception>
    public static async Task<IReadOnlyList<IPEndPoint>> ResolveAsync(FloodOptions options, CancellationToken cancel)
    {
        var addresses = await AddressesAsync(options, options.Url, cancel);
        if (options.Http2Url is { } http2) await AddressesAsync(options, http2, cancel);
        var port = options.Url.Port > 0 ? options.Url.Port : 80;
        return [.. addresses.Select(address => new IPEndPoint(address, port))];
    }

    private static async Task<IPAddress[]> AddressesAsync(FloodOptions options, Uri url, CancellationToken cancel)
    {
        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(url.IdnHost, cancel);
        }
        catch (SocketException e)
        {
            throw new FloodException($"{url.Host}: {e.Message}");
        }
        if (options.AllowRemote || addresses.All(IPAddress.IsLoopback)) return addresses;
        throw new FloodException($"{url.Host} is not this machine; --allow-remote floods it all the same (only your own server)", FloodResult.BadOptions);
    }
}
