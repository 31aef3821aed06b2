using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.RawTcp;

/// <summary>The services that all connections of the raw TCP port share.</summary>
internal sealed record RawTcpHost(RawTcpEndpoint Endpoint, ConnectionOptions Options, ConnectionRegistry Connections, TimeProvider Time, ILogger Logger)
    : StreamHost(Options, Connections, Time, Logger);
