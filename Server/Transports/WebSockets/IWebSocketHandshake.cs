using System.IO.Pipelines;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>
/// Turns a request into a WebSocket. There is one implementation for each version of HTTP. The implementations have no state.
/// </summary>
internal interface IWebSocketHandshake
{
    /// <summary>The value of <see cref="Connections.Connection.TransportName"/>.</summary>
    string TransportName { get; }

    /// <summary>Whether the WebSocket uses the whole connection. Such a WebSocket can outlive its request.</summary>
    bool UsesWholeConnection { get; }

    /// <summary>Checks the request. Returns null if the request may become a WebSocket.</summary>
    HandshakeFault? Check(HttpContext context);

    /// <summary>Sets the headers that a rejection needs in addition to its status.</summary>
    void SetFaultHeaders(HandshakeFault fault, HttpResponse response);

    /// <summary>Accepts the request. The returned pipe then carries WebSocket frames. The pipe has one reader and one writer.</summary>
    Task<IDuplexPipe> AcceptAsync(HttpContext context);

    /// <summary>Ends the WebSocket without waiting for the peer. The peer sees a reset; other streams of the connection are not affected.</summary>
    void Reset(HttpContext context);
}
