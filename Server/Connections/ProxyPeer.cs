using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace RawSocketChat.Server.Connections;

/// <summary>
/// The trusted proxy that has opened a connection. The connection and its HTTP requests have this feature only if their remote address is the address
/// of the proxy's client.
/// </summary>
/// <param name="EndPoint">The proxy's address.</param>
internal sealed record ProxyPeer(IPEndPoint EndPoint)
{
    /// <summary>
    /// The address of the machine that has opened the connection: the proxy if there is one, otherwise the client. Null if it is unknown.
    /// </summary>
    public static IPAddress? GetAddress(ConnectionContext connection) => Find(connection.Features) ?? (connection.RemoteEndPoint as IPEndPoint)?.Address;

    /// <summary>Like the other overload, but for an HTTP request.</summary>
    public static IPAddress? GetAddress(HttpContext context) => Find(context.Features) ?? context.Connection.RemoteIpAddress;

    private static IPAddress? Find(IFeatureCollection features) => features.Get<ProxyPeer>()?.EndPoint.Address;
}
