using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Tests.Flood;

/// <summary>Resolves the addresses of the server, and checks that Flood may connect to it.</summary>
internal static class TargetResolver
{
    /// <summary>
    /// Resolves the host of <see cref="FloodOptions.Url"/>, and checks this host and that of <see cref="FloodOptions.Http2Url"/>. Returns
    /// the addresses in the order in which the resolver gave them.
    /// </summary>
    /// <exception cref="FloodException">The host is unknown, or it is not this machine and remote hosts are not permitted.</exception>
    public static async Task<IReadOnlyList<IPEndPoint>> ResolveAsync(FloodOptions options, CancellationToken cancel)
    {
        var addresses = await GetAddressesAsync(options, options.Url, cancel);
        if (options.Http2Url is { } http2) await GetAddressesAsync(options, http2, cancel);
        var port = options.Url.Port > 0 ? options.Url.Port : 80;
        return [.. addresses.Select(address => new IPEndPoint(address, port))];
    }

    private static async Task<IPAddress[]> GetAddressesAsync(FloodOptions options, Uri url, CancellationToken cancel)
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
        throw new FloodException($"{url.Host} is not this machine; --allow-remote permits it (use only your own server)", FloodResult.BadOptions);
    }
}
