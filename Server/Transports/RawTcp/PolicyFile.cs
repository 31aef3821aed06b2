using System.Net;
using System.Security;
using System.Text;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.RawTcp;

/// <summary>
/// The policy file that tells a Flash player whether a page may connect to this port. A page that may not open a WebSocket because of its
/// origin must not connect to this port instead. So by default only pages of this machine may connect.
/// </summary>
internal static class PolicyFile
{
    /// <summary>Creates the file. The file ends with NUL, as XMLSocket expects.</summary>
    /// <param name="local">
    /// The address that the player has connected to. The file allows connections only to the port of this address, and allows pages from
    /// the host of this address.
    /// </param>
    /// <param name="domains">More hosts whose pages may connect.</param>
    public static byte[] Create(IPEndPoint? local, IEnumerable<string> domains)
    {
        var allowed = OwnHosts(local).Concat(domains).Distinct(StringComparer.OrdinalIgnoreCase)
            .Select(domain => $"""<allow-access-from domain="{SecurityElement.Escape(domain)}" to-ports="{local?.Port ?? 0}"/>""");
        var policy = $"""<?xml version="1.0"?><cross-domain-policy>{string.Concat(allowed)}</cross-domain-policy>""";
        return LineFraming.CreateFrame(Encoding.UTF8.GetBytes(policy), LineDelimiter.Nul);
    }

    private static IEnumerable<string> OwnHosts(IPEndPoint? local)
    {
        yield return "localhost";
        yield return Environment.MachineName;
        if (local is not null)
            yield return $"{ClientAddress.Unmap(local.Address)}";
    }
}
