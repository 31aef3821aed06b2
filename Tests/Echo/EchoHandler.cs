using RawSocketChat.Server.Connections;

namespace RawSocketChat.Tests.Echo;

internal sealed class EchoHandlers : IConnectionHandlerFactory
{
    public IConnectionHandler Create(Connection connection) => new EchoHandler();
}

internal sealed class EchoHandler : IConnectionHandler
{
    public ValueTask OpenedAsync() => default;

    public ValueTask ReceivedAsync(ReadOnlyMemory<byte> message, MessageKind kind, IFrameSink answers)
    {
        answers.Send(new OutboundFrame(message.ToArray(), kind));
        return default;
    }

    public ValueTask ReceivedTooBigAsync(int limitBytes) => default;

    public ValueTask ClosedAsync() => default;

    public OutboundFrame? Farewell(Disconnect reason) => null;

    public OutboundFrame? Lagging(long queuedBytes, long limitBytes) => null;
}
