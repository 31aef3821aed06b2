using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>Over HTTP/1.1: the upgrade of the whole connection (RFC 6455, section 4.2).</summary>
internal sealed class UpgradeHandshake : IWebSocketHandshake
{
    public static readonly UpgradeHandshake Instance = new();

    public string Way => "ws";

    public bool TakesConnection => true;

    public HandshakeFault? Check(HttpContext context)
    {
        var request = context.Request;
        var fault = Handshake.Check(
            request.Method,
            HttpProtocol.IsHttp11(request.Protocol),
            request.Headers.Upgrade,
            request.Headers.Connection,
            request.Headers.SecWebSocketKey,
            request.Headers.SecWebSocketVersion,
            request.Host.Value);
        return fault is null && context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true }
            ? new HandshakeFault(StatusCodes.Status426UpgradeRequired, "a WebSocket upgrade over HTTP/1.1 is wanted here")
            : fault;
    }

    public void Explain(HandshakeFault fault, HttpResponse response)
    {
        if (fault.Status == StatusCodes.Status426UpgradeRequired)
        {
            response.Headers.Upgrade = Handshake.Token;
            response.Headers.Connection = "Upgrade";
            response.Headers.SecWebSocketVersion = Handshake.Version;
        }

        if (fault.Status == StatusCodes.Status405MethodNotAllowed)
            response.Headers.Allow = HttpMethods.Get;
    }

    public async Task<IDuplexPipe> AcceptAsync(HttpContext context)
    {
        context.Response.Headers.Upgrade = Handshake.Token;
        context.Response.Headers.SecWebSocketAccept = Handshake.AcceptFor(context.Request.Headers.SecWebSocketKey.ToString());
        await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();

        // The connection's own pipe: what was written of the 101 is in it already, so all that follows stays in order.
        return context.Features.GetRequiredFeature<IConnectionTransportFeature>().Transport;
    }

    public void Reset(HttpContext context) => context.Abort();
}
