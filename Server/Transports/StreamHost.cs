using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports;

/// <summary>The services that all connections of one stream transport (WebSocket, raw TCP) share.</summary>
internal abstract record StreamHost(ConnectionOptions Options, ConnectionRegistry Connections, TimeProvider Time, ILogger Logger)
{
    /// <summary>
    /// If more than a quarter of the outbox is full, waits until the outbox has drained. A pump calls this method after each message. If a
    /// peer sends requests and does not read the answers, the server stops reading from that peer, and TCP slows the peer down. No other
    /// connection is affected.
    /// </summary>
    public static ValueTask ApplyBackPressureAsync(Outbox outbox) =>
        outbox.QueuedBytes > outbox.LimitBytes / 4 ? new ValueTask(outbox.WaitForDrainAsync().AsTask()) : default;
}
