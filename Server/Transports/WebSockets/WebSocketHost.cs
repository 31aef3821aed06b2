using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>The services that all WebSockets at one address share.</summary>
internal sealed record WebSocketHost(WebSocketEndpoint Endpoint, ConnectionOptions Options, ConnectionRegistry Connections, TimeProvider Time, ILogger Logger)
    : StreamHost(Options, Connections, Time, Logger);
