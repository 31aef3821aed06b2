using System.Net;

namespace RawSocketChat.Server.Connections;

/// <summary>Functions for the addresses of clients: the key under which limits count an address, and comparisons of addresses.</summary>
public static class ClientAddress
{
    /// <summary>
    /// Returns the key of the address in <paramref name="remote"/> (an address and a port). An IPv4 address and its IPv6 form
    /// (<c>::ffff:192.0.2.1</c>) have the same key. The key of any other IPv6 address is its first 64 bits, because one client can use all addresses
    /// with the same first 64 bits.
    /// </summary>
    public static string GetKey(string remote)
    {
        if (Parse(remote) is not { } address)
            return remote;
        var bytes = address.GetAddressBytes();
        return Convert.ToHexStringLower(bytes.Length == 16 ? bytes.AsSpan(0, 8) : bytes);
    }

    /// <summary>Whether <paramref name="remote"/> (an address and a port) has a loopback address.</summary>
    public static bool IsLoopback(string remote) => Parse(remote) is { } address && IPAddress.IsLoopback(address);

    /// <summary>If the address is an IPv4-mapped IPv6 address, returns the IPv4 address. Otherwise returns the address itself.</summary>
    public static IPAddress Unmap(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static IPAddress? Parse(string remote)
    {
        var port = remote.LastIndexOf(':');
        var host = (port < 0 ? remote : remote[..port]).Trim('[', ']');
        if (!IPAddress.TryParse(host, out var address))
            return null;
        return Unmap(address);
    }
}
