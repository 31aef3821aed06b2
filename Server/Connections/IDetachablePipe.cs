using System.IO.Pipelines;

namespace RawSocketChat.Server.Connections;

/// <summary>
/// A connection's pipe that can go on without what the web server keeps for the connection. It is found by a cast of the very pipe, as
/// <see cref="IDirectSend"/> is: where TLS stands in between, that has to stay.
/// </summary>
public interface IDetachablePipe : IDuplexPipe, IAsyncDisposable
{
    /// <summary>From now on the connection's end means nothing to the pipe: it has to be disposed of by who calls this.</summary>
    void Detach();

    /// <summary>Ends both sides at once: the peer is reset. It has to be disposed of all the same.</summary>
    void Abort();
}
