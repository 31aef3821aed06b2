namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>
/// One member's connection over one transport. A reconnect uses a new instance. The connection itself sends only the requests or frames
/// that start or resume the session. The <see cref="IFrameListener"/> handles all received frames.
/// </summary>
internal interface IConnection : IDisposable
{
    /// <summary>Completes after the last call of the listener.</summary>
    Task Ended { get; }

    /// <summary>Connects. If the <see cref="SessionState"/> has a session, resumes that session.</summary>
    /// <exception cref="FloodException">The server can't be reached or refuses the connection.</exception>
    Task OpenAsync(CancellationToken cancel);

    /// <summary>
    /// Sends or queues one frame. An HTTP transport may block while it opens its connection for POST. Returns false if the connection has ended.
    /// </summary>
    bool Send(ReadOnlySpan<byte> frame);

    /// <summary>
    /// Closes the connection. On a socket, frames that the server sends before it closes its side still arrive. An HTTP transport aborts its
    /// connections.
    /// </summary>
    void Leave();

    /// <summary>
    /// Cuts the connection when it has received <paramref name="bytes"/> more bytes. The cut may be in the middle of a frame.
    /// </summary>
    void CutAfter(int bytes);

    /// <summary>Aborts the connection immediately, without a closing handshake.</summary>
    void Cut();
}
