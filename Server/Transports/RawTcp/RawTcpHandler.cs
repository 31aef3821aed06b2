using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.RawTcp;

/// <summary>Takes the connections of the raw port from Kestrel and runs a <see cref="RawTcpPump"/> for each.</summary>
public sealed class RawTcpHandler(
    RawTcpEndpoint endpoint,
    ConnectionRegistry connections,
    IOptions<ConnectionOptions> options,
    TimeProvider time,
    ILogger<RawTcpHandler> logger) : ConnectionHandler
{
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        using var pump = new RawTcpPump(connection, endpoint, options.Value, time);
        if (!await pump.RunAsync(connections, logger))
            connection.Abort();
    }
}
