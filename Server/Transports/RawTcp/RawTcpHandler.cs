using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.RawTcp;

/// <summary>Takes the connections of the raw port from Kestrel, whole where the pipe can be detached, and runs a <see cref="RawTcpPump"/> for each.</summary>
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
        ITakesConnection pump = new RawTcpPump(connection, _host);
        return pump.GoOnAsync(connection);
    }
}
