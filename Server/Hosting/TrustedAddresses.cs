using System.Net;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Hosting;

/// <summary>The addresses and networks of <see cref="ProxyOptions.Trusted"/>.</summary>
public sealed class TrustedAddresses
{
    private TrustedAddresses(IReadOnlyList<IPAddress> addresses, IReadOnlyList<IPNetwork> networks) => (Addresses, Networks) = (addresses, networks);

    public IReadOnlyList<IPAddress> Addresses { get; }

    public IReadOnlyList<IPNetwork> Networks { get; }

    /// <exception cref="SettingException">An entry is neither an address nor a network.</exception>
    public static TrustedAddresses Parse(ProxyOptions proxies)
    {
        var (addresses, networks) = (new List<IPAddress>(), new List<IPNetwork>());
        foreach (var entry in proxies.Trusted)
        {
            if (IPAddress.TryParse(entry, out var address))
                addresses.Add(address);
            else if (IPNetwork.TryParse(entry, out var network))
                networks.Add(network);
            else
                throw new SettingException($"--{ProxyOptions.Section}:{nameof(ProxyOptions.Trusted)}: \"{entry}\" is not an address or a network; try: 127.0.0.1 or 10.0.0.0/8");
        }

        return new TrustedAddresses(addresses, networks);
    }

    /// <summary>Whether the address is trusted. An IPv4 address that is mapped to IPv6 counts as the IPv4 address.</summary>
    public bool Contains(IPAddress address)
    {
        var plain = ClientAddress.Unmap(address);
        return Addresses.Contains(plain) || Networks.Any(network => network.Contains(plain));
    }
}
