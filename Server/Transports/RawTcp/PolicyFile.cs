using System.Net;
using System.Security;
using System.Text;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Server.Transports.RawTcp;

/// <summary>
/// The policy file by which a Flash player decides whether the page that it runs in may connect here. Whom the server would
/// refuse as the origin of a WebSocket should not come in by this door: so by default pages of this machine alone may.
/// </summary>
internal static class PolicyFile
{
    /// <summary>The file, ended by NUL as XMLSocket reads it.</summary>
    /// <param name="local">Where the player has connected: the one port that is opened, and one of the hosts that may.</param>
    /// <param name="domains">Further hosts whose pages may.</param>
    public static byte[] Of(IPEndPoint? local, IEnumerable<string> domains)
    {
        var allowed = OwnHosts(local).Concat(domains).Distinct(StringComparer.OrdinalIgnoreCase)
            .Select(domain => $"""<allow-access-from domain="{SecurityElement.Escape(domain)}" to-ports="{local?.Port ?? 0}"/>""");
        var policy = $"""<?xml version="1.0"?><cross-domain-policy>{string.Concat(allowed)}</cross-domain-policy>""";
        return LineFraming.Frame(Encoding.UTF8.GetBytes(policy), LineDelimiter.Nul);
    }

    private static IEnumerable<string> OwnHosts(IPEndPoint? local)
    {
        yield return "localhost";
        yield return Environment.MachineName;
        if (local is not null)
            yield return $"{(local.Address.IsIPv4MappedToIPv6 ? local.Address.MapToIPv4() : local.Address)}";
    }
}
