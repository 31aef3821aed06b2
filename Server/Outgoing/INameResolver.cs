using System.Net;

namespace RawSocketChat.Server.Outgoing;

/// <summary>Finds the addresses of a host. Thread-safe.</summary>
public interface INameResolver
{
    /// <summary>Finds the addresses of a host. The host may be an address itself.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">There is no such host, or no answer.</exception>
    Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken);
}

/// <summary>Asks the operating system.</summary>
internal sealed class SystemNameResolver : INameResolver
{
    public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) => Dns.GetHostAddressesAsync(host, cancellationToken);
}
