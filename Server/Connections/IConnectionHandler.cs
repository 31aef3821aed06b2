namespace RawSocketChat.Server.Connections;

/// <summary>
/// Handles the messages of one connection. The chat implements this interface; tests also use an echo handler. A handler gets one call of
/// <see cref="OnOpenedAsync"/>, then <see cref="OnMessageAsync"/> for each message, then one call of <see cref="OnClosedAsync"/>. If the server is
/// already stopping, or a limit of the peer's address is reached, only <see cref="OnClosedAsync"/> is called. Calls of these three methods never
/// overlap. <see cref="HasSession"/>, <see cref="CreateCloseMessage"/> and <see cref="CreateSlowConsumerNotice"/> may be called at any time, from any
/// thread.
/// </summary>
public interface IConnectionHandler
{
    /// <summary>
    /// Whether the connection belongs to a session that has not ended. False before the welcome, and from the end of the session until the
    /// connection is closed. A new token does not end the session.
    /// </summary>
    bool HasSession => true;

    /// <summary>Called when the connection is open and can send.</summary>
    ValueTask OnOpenedAsync();

    /// <summary>
    /// Handles one complete message. The transport owns the bytes; they are valid until the returned task completes. After that, the
    /// transport passes the next message.
    /// </summary>
    /// <param name="message">The payload, without masking and framing.</param>
    /// <param name="kind">On WebSocket, a text is valid UTF-8. On raw TCP, a text may contain any bytes.</param>
    /// <param name="answers">The sink for the answers to this message, in order.</param>
    ValueTask OnMessageAsync(ReadOnlyMemory<byte> message, MessageKind kind, IFrameSink answers);

    /// <summary>Called when the transport has dropped a message that was too long. The connection stays open.</summary>
    /// <param name="limitBytes">The maximum size of a message.</param>
    ValueTask OnMessageTooBigAsync(int limitBytes);

    /// <summary>
    /// Called when the connection ends and no more messages come. If the peer has only shut down its sending side, the peer still receives
    /// the frames that are sent before the returned task completes.
    /// </summary>
    ValueTask OnClosedAsync();

    /// <summary>Creates the last frame before the server closes the connection; null for none.</summary>
    EncodedFrame? CreateCloseMessage(Disconnect reason);

    /// <summary>Creates the frame that warns a slow consumer; null for none.</summary>
    EncodedFrame? CreateSlowConsumerNotice(long queuedBytes, long limitBytes);
}

/// <summary>Creates the handlers of new connections. One instance serves all connections of a transport.</summary>
public interface IConnectionHandlerFactory
{
    IConnectionHandler Create(Connection connection);
}
