namespace RawSocketChat.Server.Connections;

/// <summary>
/// An output pipe that can pass bytes from the caller's memory to the socket without a copy. A caller must get this interface by a cast of
/// its own output pipe, never as a connection feature. The reason: TLS and HTTP/2 put their own pipes in front of this pipe, and no bytes
/// may bypass their pipes.
/// </summary>
public interface IDirectSend
{
    /// <summary>
    /// Sends as many bytes as the socket accepts without waiting. Sends no bytes while earlier bytes still wait, because the order must be kept. Only
    /// the pipe's writer may call this method. The method never blocks, never throws, and keeps no reference to the bytes.
    /// </summary>
    /// <param name="bytes">Owned by the caller.</param>
    /// <param name="sent">
    /// The number of bytes that were sent, beginning with the first one. The caller must write the rest to the pipe before anything else.
    /// </param>
    /// <returns>False if the peer is gone or the pipe is completed.</returns>
    bool TrySend(ReadOnlySpan<byte> bytes, out int sent);
}
