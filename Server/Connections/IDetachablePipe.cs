using System.IO.Pipelines;

namespace RawSocketChat.Server.Connections;

/// <summary>
/// A connection's pipe that can outlive the web server's state for the connection. A transport tries to cast its pipe to this interface, as
/// it does for <see cref="IDirectSend"/>. With TLS, the transport uses the pipe of the TLS layer, and the cast fails. Then the pipe is not detached,
/// and the web server's state stays in memory, because it includes the TLS layer.
/// </summary>
public interface IDetachablePipe : IDuplexPipe, IAsyncDisposable
{
    /// <summary>Detaches the pipe from the web server's connection. From then on the caller must dispose of the pipe.</summary>
    void Detach();

    /// <summary>Resets the stream immediately, in both directions. The caller must still dispose of the pipe.</summary>
    void Abort();
}
