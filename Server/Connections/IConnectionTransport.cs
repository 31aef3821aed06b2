namespace RawSocketChat.Server.Connections;

/// <summary>
/// The transport's side of one connection. Usually the object that runs the receive loop implements all members. Delegates in place of this interface
/// would make an idle connection 5 % larger. Members may be called from any thread.
/// </summary>
public interface IConnectionTransport
{
    /// <summary>Receives until the connection is closed or the stream ends. Called once.</summary>
    Task ReceiveAsync();

    /// <summary>Ends the stream after the connection was closed, with a closing handshake if the transport has one. Called once.</summary>
    Task ShutdownAsync() => Task.CompletedTask;

    /// <summary>
    /// Called when the connection was closed. The transport must stop receiving messages, wait at most the linger timeout until the peer
    /// closes too, and end the stream.
    /// </summary>
    void OnClosing()
    {
    }

    /// <summary>
    /// The handler calls this method before each welcome, on the handler's thread, with the token of the connection's session. The handler does so
    /// even if the token has not changed, or if the welcome does not contain the token.
    /// </summary>
    void OnSessionChanged(string token)
    {
    }

    /// <summary>Whether the transport has a probe (a ping) that the peer must answer.</summary>
    bool CanProbe => false;

    void SendProbe()
    {
    }

    /// <summary>Changes the format of the frames to <c>json</c> or <c>text</c>. Returns false if this transport does not offer the format.</summary>
    bool TryChangeFormat(string format) => false;

    /// <summary>
    /// On transports over HTTP requests: whether the peer has stopped sending requests. Always false while the peer has a stream, because the end of
    /// the stream shows that the peer is gone.
    /// </summary>
    bool IsAbandoned => false;
}

/// <summary>Encodes the bytes that a framing adds at the end of a stream, such as a WebSocket close frame.</summary>
public interface IStreamEnding
{
    ReadOnlyMemory<byte> EncodeEnd(Disconnect reason);
}
