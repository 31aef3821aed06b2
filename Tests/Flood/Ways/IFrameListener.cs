namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>Who is on a connection: hears its frames, one after the other, never two at a time.</summary>
internal interface IFrameListener
{
    /// <summary>One frame that came.</summary>
    /// <param name="json">Valid during the call.</param>
    /// <param name="now">When its bytes were read, in ticks of <see cref="System.Diagnostics.Stopwatch"/>.</param>
    void Take(ReadOnlySpan<byte> json, long now);

    /// <summary>The session goes on where it was: no <c>welcome</c> comes, and nothing has to be joined again.</summary>
    void Resumed(long now);

    /// <summary>The last call. <paramref name="why"/> is null where the end was our own wish.</summary>
    void Ended(string? why);
}
