using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.RawTcp;

/// <summary>
/// Receives each connection of the raw TCP port from Kestrel, and runs a <see cref="RawTcpPump"/> for the connection. If the pipe can be
/// detached from Kestrel, the pump runs on the detached pipe.
/// </summary>
public sealed class RawTcpHandler(
    RawTcpEndpoint endpoint,
    ConnectionRegistry connections,
    IOptions<ConnectionOptions> options,
    TimeProvider time,
    ILogger<RawTcpHandler> logger) : ConnectionHandler
{
    private readonly RawTcpHost _host = new(endpoint, options.Value, connections, time, logger);

    public override Task OnConnectedAsync(ConnectionContext connection)
    {
        IConnectionRunner pump = new RawTcpPump(connection, _host);
        return pump.DetachAndRunAsync(connection);
    }
}
