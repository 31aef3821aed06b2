using System.IO.Pipelines;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>How a request becomes a WebSocket: one way for each version of HTTP. All state is the request's own.</summary>
internal interface IWebSocketHandshake
{
    /// <summary>The connection's way in, as <see cref="Connections.Connection.Way"/> tells it.</summary>
    string Way { get; }

    /// <summary>Whether the whole connection becomes the WebSocket, and may therefore outlive its request.</summary>
    bool TakesConnection { get; }

    /// <summary>Null where the request may become a WebSocket.</summary>
    HandshakeFault? Check(HttpContext context);

    /// <summary>The headers that a refusal owes beside its status.</summary>
    void Explain(HandshakeFault fault, HttpResponse response);

    /// <summary>Answers the request. What comes and goes from then on are frames, through the pipe that is returned; one reads it, one writes it.</summary>
    Task<IDuplexPipe> AcceptAsync(HttpContext context);

    /// <summary>Ends the WebSocket without waiting for the peer, which is told so by a reset. Nobody else is.</summary>
    void Reset(HttpContext context);
}
