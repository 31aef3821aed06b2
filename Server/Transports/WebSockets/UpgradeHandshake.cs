using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>The handshake over HTTP/1.1: the upgrade of the whole connection (RFC 6455, section 4.2).</summary>
internal sealed class UpgradeHandshake : IWebSocketHandshake
{
    public static readonly UpgradeHandshake Instance = new();

    public string TransportName => "ws";

    public bool UsesWholeConnection => true;

    public HandshakeFault? Check(HttpContext context)
    {
        var request = context.Request;
        var fault = ServerHandshake.ValidateRequest(
            request.Method,
            HttpProtocol.IsHttp11(request.Protocol),
            request.Headers.Upgrade,
            request.Headers.Connection,
            request.Headers.SecWebSocketKey,
            request.Headers.SecWebSocketVersion,
            request.Host.Value);
        if (fault is null && (request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0))
            return new HandshakeFault(StatusCodes.Status400BadRequest, "A WebSocket request must have no body.");
        return fault is null && context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true }
            ? new HandshakeFault(StatusCodes.Status426UpgradeRequired, "the request must be a WebSocket upgrade over HTTP/1.1")
            : fault;
    }

    public void SetFaultHeaders(HandshakeFault fault, HttpResponse response)
    {
        if (fault.Status == StatusCodes.Status426UpgradeRequired)
        {
            response.Headers.Upgrade = ServerHandshake.Token;
            response.Headers.Connection = "Upgrade";
            response.Headers.SecWebSocketVersion = ServerHandshake.Version;
        }

        if (fault.Status == StatusCodes.Status405MethodNotAllowed)
            response.Headers.Allow = HttpMethods.Get;
    }

    public async Task<IDuplexPipe> AcceptAsync(HttpContext context)
    {
        context.Response.Headers.Upgrade = ServerHandshake.Token;
        context.Response.Headers.SecWebSocketAccept = HandshakeKey.ComputeAccept(context.Request.Headers.SecWebSocketKey.ToString());
        await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();

        // The bytes of the 101 response are already in the connection's own pipe, so WebSocket frames that are written to this pipe follow
        // the response.
        return context.Features.GetRequiredFeature<IConnectionTransportFeature>().Transport;
    }

    public void Reset(HttpContext context) => context.Abort();
}
