using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>
/// Accepts the upgrade (RFC 6455, section 4.2) and hands the connection's pipe to a <see cref="WebSocketPump"/>. It
/// knows nothing of what is said over it.
/// </summary>
public sealed class WebSocketMiddleware(
    WebSocketEndpoint endpoint,
    OriginPolicy origins,
    ConnectionRegistry connections,
    IOptions<ConnectionOptions> options,
    TimeProvider time,
    ILogger<WebSocketMiddleware> logger)
{
    private readonly MessageCompression _compression = new(endpoint.Deflate);

    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        var upgrade = context.Features.Get<IHttpUpgradeFeature>();
        var fault = Handshake.Check(
            request.Method,
            HttpProtocol.IsHttp11(request.Protocol),
            request.Headers.Upgrade,
            request.Headers.Connection,
            request.Headers.SecWebSocketKey,
            request.Headers.SecWebSocketVersion,
            request.Host.Value);
        if (fault is not null || upgrade is not { IsUpgradableRequest: true })
        {
            await RefuseAsync(context, fault ?? new HandshakeFault(StatusCodes.Status426UpgradeRequired, "a WebSocket upgrade over HTTP/1.1 is wanted here"));
            return;
        }

        if (!origins.Allows(context))
        {
            await RefuseAsync(context, new HandshakeFault(StatusCodes.Status403Forbidden, OriginPolicy.Refusal));
            return;
        }

        if (_compression.Agree(context, out var agreement) is { } malformed)
        {
            await RefuseAsync(context, malformed);
            return;
        }

        var subprotocol = Handshake.ChooseSubprotocol(request.Headers.SecWebSocketProtocol.OfType<string>(), endpoint.Subprotocols);
        context.Response.Headers.Upgrade = "websocket";
        context.Response.Headers.SecWebSocketAccept = Handshake.AcceptFor(request.Headers.SecWebSocketKey.ToString());
        if (subprotocol is not null)
            context.Response.Headers.SecWebSocketProtocol = subprotocol;
        await upgrade.UpgradeAsync();

        // The connection's own pipe: what was written of the 101 is in it already, so all that follows stays in order.
        var transport = context.Features.GetRequiredFeature<IConnectionTransportFeature>().Transport;
        using var pump = new WebSocketPump(transport, endpoint, options.Value, time, agreement, IsText(request, subprotocol), AskedFor(context), RemoteOf(context));
        if (!await pump.RunAsync(connections, logger))
            context.Abort();
    }

    private bool IsText(HttpRequest request, string? subprotocol) =>
        endpoint.TextSubprotocol is { } text
        && (subprotocol == text || (subprotocol is null && request.Query["format"] == "text"));

    // A token in the query is asked for; one that a browser adds by itself comes second.
    private static ConnectionRequest AskedFor(HttpContext context)
    {
        var query = context.Request.Query;
        var session = Given("session");
        var isInCookie = false;
        session ??= SessionCredential.Of(context, out isInCookie);
        return new ConnectionRequest(Given("name"), Given("room"), session, SessionIsInCookie: isInCookie && OriginPolicy.IsFromPage(context));

        string? Given(string key) => query[key].ToString() is { Length: > 0 } value ? value : null;
    }

    private static string RemoteOf(HttpContext context) => $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}";

    private static Task RefuseAsync(HttpContext context, HandshakeFault fault)
    {
        var response = context.Response;
        response.StatusCode = fault.Status;
        if (fault.Status == StatusCodes.Status426UpgradeRequired)
        {
            response.Headers.Upgrade = "websocket";
            response.Headers.Connection = "Upgrade";
            response.Headers.SecWebSocketVersion = Handshake.Version;
        }

        if (fault.Status == StatusCodes.Status405MethodNotAllowed)
            response.Headers.Allow = HttpMethods.Get;

        response.ContentType = "text/plain; charset=utf-8";
        return response.WriteAsync($"{fault.Text}\nThis is a WebSocket address; try: npx wscat -c '{Scheme(context)}://{context.Request.Host}{context.Request.Path}'\n");
    }

    private static string Scheme(HttpContext context) => context.Request.IsHttps ? "wss" : "ws";
}
