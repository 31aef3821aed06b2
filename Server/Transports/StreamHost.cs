using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports;

/// <summary>What all connections of one way in share that are streams.</summary>
internal abstract record StreamHost(ConnectionOptions Options, ConnectionRegistry Connections, TimeProvider Time, ILogger Logger);
