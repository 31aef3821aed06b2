using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>
/// Accepts WebSockets, over HTTP/1.1 and HTTP/2, and hands what becomes their pipe to a <see cref="WebSocketPump"/>. It
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
    private readonly WebSocketHost _host = new(endpoint, options.Value, connections, time, logger);

    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        IWebSocketHandshake handshake = HttpProtocol.IsHttp2(request.Protocol) ? ExtendedConnectHandshake.Instance : UpgradeHandshake.Instance;
        if (handshake.Check(context) is { } fault)
        {
            handshake.Explain(fault, context.Response);
            await RefuseAsync(context, fault);
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
        if (subprotocol is not null)
            context.Response.Headers.SecWebSocketProtocol = subprotocol;
        var transport = await handshake.AcceptAsync(context);
        var pump = new WebSocketPump(handshake.Way, transport, _host, agreement, IsText(request, subprotocol), request.Query["wire"] == "1", AskedFor(context), RemoteOf(context));
        if (handshake.TakesConnection && context.Features.Get<HttpTakeover>() is { } takeover)
            takeover.Take(pump);
        else
            await pump.RunAsync(() => handshake.Reset(context));
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
        response.ContentType = "text/plain; charset=utf-8";
        return response.WriteAsync($"{fault.Text}\nThis is a WebSocket address; try: npx wscat -c '{Scheme(context)}://{context.Request.Host}{context.Request.Path}'\n");
    }

    private static string Scheme(HttpContext context) => context.Request.IsHttps ? "wss" : "ws";
}
