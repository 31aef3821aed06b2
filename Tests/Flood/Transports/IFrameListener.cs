namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>Receives the frames of a connection, one call at a time.</summary>
internal interface IFrameListener
{
    /// <summary>A frame has arrived.</summary>
    /// <param name="json">The frame; valid during the call.</param>
    /// <param name="now">When the bytes of the frame were read, in ticks of <see cref="System.Diagnostics.Stopwatch"/>.</param>
    void OnFrame(ReadOnlySpan<byte> json, long now);

    /// <summary>The session was resumed: the server sends no <c>welcome</c>, and the room is still joined.</summary>
    void OnResumed(long now);

    /// <summary>
    /// The connection has ended. This is the last call. <paramref name="why"/> is null if this side ended the connection.
    /// </summary>
    void OnEnded(string? why);
}
