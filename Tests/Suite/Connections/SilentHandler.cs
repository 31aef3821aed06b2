using RawSocketChat.Server.Connections;

namespace RawSocketChat.Tests.Connections;

/// <summary>A handler that ignores all messages and sends nothing.</summary>
internal sealed class SilentHandler : IConnectionHandler
{
    public ValueTask OnOpenedAsync() => default;

    public ValueTask OnMessageAsync(ReadOnlyMemory<byte> message, MessageKind kind, IFrameSink answers) => default;

    public ValueTask OnMessageTooBigAsync(int limitBytes) => default;

    public ValueTask OnClosedAsync() => default;

    public EncodedFrame? CreateCloseMessage(Disconnect reason) => null;

    public EncodedFrame? CreateSlowConsumerNotice(long queuedBytes, long limitBytes) => null;
}
