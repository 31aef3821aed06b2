namespace RawSocketChat.Server.Connections;

/// <summary>
/// What an output pipe may offer beside itself: bytes that are ready, and that others own, go to the socket without a copy.
/// It is found by a cast of the very pipe that is written, never as a feature: TLS and HTTP/2 put pipes of their own in
/// front of this one, and nothing may go past them.
/// </summary>
public interface IDirectSend
{
    /// <summary>
    /// Sends what the socket takes at once; nothing while bytes given earlier still wait, so that none are overtaken. To be called
    /// by the pipe's one writer only, as the pipe itself. Never blocks and never throws; keeps no reference to the bytes.
    /// </summary>
    /// <param name="bytes">Owned by the caller.</param>
    /// <param name="sent">How many of them went, from the first on. The others must be written to the pipe before anything else is.</param>
    /// <returns>False where the peer is gone, or the pipe completed.</returns>
    bool TrySend(ReadOnlySpan<byte> bytes, out int sent);
}
