using RawSocketChat.Server.Connections;

namespace RawSocketChat.Tests.Connections;

/// <summary>Hears everything and says nothing.</summary>
internal sealed class MuteHandler : IConnectionHandler
{
    public ValueTask OpenedAsync() => default;

    public ValueTask ReceivedAsync(ReadOnlyMemory<byte> message, MessageKind kind, IFrameSink answers) => default;

    public ValueTask ReceivedTooBigAsync(int limitBytes) => default;

    public ValueTask ClosedAsync() => default;

    public OutboundFrame? Farewell(Disconnect reason) => null;

    public OutboundFrame? Lagging(long queuedBytes, long limitBytes) => null;
}
