using RawSocketChat.Server.Connections;

namespace RawSocketChat.Tests.Echo;

/// <summary>Creates an <see cref="EchoHandler"/> for each connection.</summary>
internal sealed class EchoHandlerFactory : IConnectionHandlerFactory
{
    public IConnectionHandler Create(Connection connection) => new EchoHandler();
}

/// <summary>Sends every message back as the same kind (text or binary).</summary>
internal sealed class EchoHandler : IConnectionHandler
{
    public ValueTask OnOpenedAsync() => default;

    public ValueTask OnMessageAsync(ReadOnlyMemory<byte> message, MessageKind kind, IFrameSink answers)
    {
        answers.Send(new EncodedFrame(message.ToArray(), kind));
        return default;
    }

    public ValueTask OnMessageTooBigAsync(int limitBytes) => default;

    public ValueTask OnClosedAsync() => default;

    public EncodedFrame? CreateCloseMessage(Disconnect reason) => null;

    public EncodedFrame? CreateSlowConsumerNotice(long queuedBytes, long limitBytes) => null;
}
