using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>
/// Accepts WebSockets over HTTP/1.1 and HTTP/2, and passes the pipe of each to a <see cref="WebSocketPump"/>. The only frame of
/// the chat protocol that this class uses is the error frame.
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
            handshake.SetFaultHeaders(fault, context.Response);
            await RejectAsync(context, fault);
            return;
        }

        if (!origins.Allows(context))
        {
            await RejectAsync(context, new HandshakeFault(StatusCodes.Status403Forbidden, OriginPolicy.GetRejectionText(context)));
            return;
        }

        if (_compression.Negotiate(context, out var agreement) is { } malformed)
        {
            await RejectAsync(context, malformed);
            return;
        }

        var subprotocol = ServerHandshake.ChooseSubprotocol(request.Headers.SecWebSocketProtocol.OfType<string>(), endpoint.Subprotocols);
        if (FindRefusal(context, subprotocol) is { } refusal)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            context.Response.ContentType = "application/json";
            context.Response.Headers.CacheControl = "no-store";
            await context.Response.Body.WriteAsync(ChatCodec.Encode(new ErrorFrame(default, refusal)), context.RequestAborted);
            return;
        }

        if (subprotocol is not null)
            context.Response.Headers.SecWebSocketProtocol = subprotocol;
        var connectionRequest = await CreateConnectionRequestAsync(context);
        var transport = await handshake.AcceptAsync(context);
        var pump = new WebSocketPump(
            handshake.TransportName,
            transport,
            _host,
            agreement,
            UsesTextFormat(context, subprotocol),
            context.WantsWriteTimes(),
            connectionRequest,
            context.GetRemote());
        if (handshake.UsesWholeConnection && context.Features.Get<ConnectionTakeover>() is { } takeover)
            takeover.ContinueWith(pump);
        else
            await pump.RunAsync(() => handshake.Reset(context));
    }

    // RFC 6455, section 4.1: a client that offers subprotocols closes the connection if the server selects none of them. So the server
    // refuses such a client before it creates a guest. Otherwise the members of a room would see a guest join and leave.
    private ChatError? FindRefusal(HttpContext context, string? subprotocol)
    {
        if (endpoint.Subprotocols.Count == 0)
            return null;
        if (subprotocol is null && ServerHandshake.GetSubprotocols(context.Request.Headers.SecWebSocketProtocol.OfType<string>()) is { Count: > 0 } offered)
        {
            return new ChatError(
                ErrorCode.BadField,
                $"unknown subprotocol \"{offered[0]}\"; this server supports {string.Join(" and ", endpoint.Subprotocols)}, and a client may omit the subprotocol",
                $"npx wscat -s {endpoint.Subprotocols[0]} -c '{GetAddress(context)}'");
        }

        return endpoint.TextSubprotocol is null ? null : context.FindFormatError(offersText: true);
    }

    private bool UsesTextFormat(HttpContext context, string? subprotocol) =>
        endpoint.TextSubprotocol is { } text
        && (subprotocol == text || (subprotocol is null && context.WantsText()));

    // A token in the query is explicit, so it takes precedence over the header and the cookie. The server's own page has its session in the
    // cookie, so no frame shows the token to the scripts of the page. A page whose browser keeps no cookies asks for the token with
    // cookie=none.
    private static async ValueTask<ConnectionRequest> CreateConnectionRequestAsync(HttpContext context)
    {
        var (session, isInCookie) = (context.GetParameter("session"), false);
        if (session is null && await SessionCredential.FindAsync(context) is { } found)
            (session, isInCookie) = (found.Token, found.IsInCookie);
        var hidesToken = OriginPolicy.IsOwnPage(context) && (isInCookie || !context.KeepsNoCookies());
        return new ConnectionRequest(context.GetParameter("name"), context.GetParameter("room"), session, SessionIsInCookie: hidesToken);
    }

    private static Task RejectAsync(HttpContext context, HandshakeFault fault) =>
        context.AnswerTextAsync(fault.Status, $"{fault.Text}\nThis is a WebSocket address; try: npx wscat -c '{GetAddress(context)}'");

    private static string GetAddress(HttpContext context) => PublicAddress.Create(context, context.Request.Path.Value ?? "", isWebSocket: true);
}
