using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Server.Outgoing;

/// <summary>
/// Decides whether the server may connect to an IP address, for requests whose URL a user has chosen. Without this check, each owner or moderator of a
/// room could send requests into the operator's own network (server-side request forgery). Thread-safe.
/// </summary>
/// <param name="allowed">Networks that are allowed although they are not public.</param>
/// <param name="allowHttp">Whether public addresses are allowed over <c>http</c>.</param>
internal sealed class AddressRules(IReadOnlyList<IPNetwork> allowed, bool allowHttp)
{
    // The networks of the IANA IPv4 Special-Purpose Address Registry (RFC 6890), multicast (RFC 5771), and the reserved addresses.
    private static readonly IPNetwork[] NotPublicIPv4 =
    [
        .. ((string[])
        [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24",
            "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ]).Select(network => IPNetwork.Parse(network)),
    ];

    // IANA assigns global unicast addresses only from this network (RFC 4291, section 2.5.4).
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    // These networks are parts of GlobalUnicast, but not public.
    private static readonly IPNetwork[] NotPublicIPv6 =
    [
        .. ((string[])
        [
            "2001::/23",            // protocol assignments, with Teredo, benchmarking and ORCHID
            "2001:db8::/32",        // documentation
            "2002::/16",            // 6to4
            "2620:4f:8000::/48",    // AS112
            "3fff::/20",            // documentation
        ]).Select(network => IPNetwork.Parse(network)),
    ];

    // NAT64 (RFC 6052): the last 32 bits are the IPv4 address that the translator connects to.
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>Whether a request may be sent to an address.</summary>
    /// <param name="isPlaintext">Whether the request is sent over <c>http</c>.</param>
    public bool IsAllowed(IPAddress address, bool isPlaintext)
    {
        var plain = FindEmbedded(address) ?? address;
        return allowed.Any(network => network.Contains(address) || network.Contains(plain)) || (IsPublic(address) && (allowHttp || !isPlaintext));
    }

    /// <summary>Whether an address is a unicast address of the public internet.</summary>
    public static bool IsPublic(IPAddress address)
    {
        var plain = FindEmbedded(address) ?? address;
        return plain.AddressFamily == AddressFamily.InterNetwork
            ? !NotPublicIPv4.Any(network => network.Contains(plain))
            : GlobalUnicast.Contains(plain) && !NotPublicIPv6.Any(network => network.Contains(plain));
    }

    // Finds the IPv4 address inside a mapped or NAT64 address. All other IPv6 addresses that contain an IPv4 address, such as 6to4 and
    // Teredo, are not public.
    private static IPAddress? FindEmbedded(IPAddress address) =>
        address.AddressFamily != AddressFamily.InterNetworkV6 ? null
        : address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : Nat64.Contains(address) ? new IPAddress(address.GetAddressBytes().AsSpan(12))
        : null;
}
