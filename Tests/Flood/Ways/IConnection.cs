namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>
/// One person's connection by one way in, from its opening to its end; who comes back does so by another one. It speaks only so
/// much that a <c>welcome</c> comes (or the session goes on), and leaves what the frames say to its <see cref="IFrameListener"/>.
/// </summary>
internal interface IConnection : IDisposable
{
    /// <summary>Completed when nothing more is told to the listener.</summary>
    Task Ended { get; }

    /// <summary>Connects, with the session of the <see cref="Place"/> where it has one.</summary>
    /// <exception cref="FloodException">The server is not there or refuses.</exception>
    Task OpenAsync(CancellationToken cancel);

    /// <summary>Sends one frame; may block while the server does not read. False where the connection has ended.</summary>
    bool Send(ReadOnlySpan<byte> frame);

    /// <summary>Leaves in good order: what the server had sent before still comes.</summary>
    void Leave();

    /// <summary>After so many more bytes the line is torn, wherever in a frame that is.</summary>
    void CutAfter(int bytes);

    /// <summary>Tears the line at once, without a word.</summary>
    void Cut();
}
