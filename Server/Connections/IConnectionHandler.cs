namespace RawSocketChat.Server.Connections;

/// <summary>
/// What stands behind one connection: the chat, or an echo. The transport calls <see cref="OpenedAsync"/> once, then
/// <see cref="ReceivedAsync"/> for each message, then <see cref="ClosedAsync"/> once; these calls never overlap.
/// <see cref="Farewell"/> and <see cref="Lagging"/> may come at any time, from any thread.
/// </summary>
public interface IConnectionHandler
{
    /// <summary>The connection stands and can be sent to.</summary>
    ValueTask OpenedAsync();

    /// <summary>
    /// One whole message. The bytes belong to the transport and are valid until the returned task completes; no other
    /// message is delivered before that.
    /// </summary>
    /// <param name="message">The payload, unmasked and unframed.</param>
    /// <param name="kind">Text has been checked to be UTF-8 on WebSocket; on raw TCP it may be anything.</param>
    /// <param name="answers">Where the answers to this message go, in order.</param>
    ValueTask ReceivedAsync(ReadOnlyMemory<byte> message, MessageKind kind, IFrameSink answers);

    /// <summary>A message was longer than the way in allows, and was dropped; the connection stays open.</summary>
    /// <param name="limitBytes">The most bytes that one message may have.</param>
    ValueTask ReceivedTooBigAsync(int limitBytes);

    /// <summary>
    /// The connection ends, whoever ended it: no more messages come. Where only the peer's side of the stream has ended,
    /// what is sent before the returned task completes still reaches it.
    /// </summary>
    ValueTask ClosedAsync();

    /// <summary>The last frame before the server closes; null where the handler has nothing to say.</summary>
    OutboundFrame? Farewell(Disconnect reason);

    /// <summary>What tells a client that it reads too slowly; null where the handler has nothing to say.</summary>
    OutboundFrame? Lagging(long queuedBytes, long limitBytes);
}

/// <summary>Makes the handler of a new connection. One instance serves all connections of a way in.</summary>
public interface IConnectionHandlerFactory
{
    IConnectionHandler Create(Connection connection);
}
