using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>What one connection's ends have agreed on.</summary>
/// <param name="Deflate">Null: nothing is compressed.</param>
/// <param name="Json">How frames are sent in JSON.</param>
/// <param name="Text">And in the text format.</param>
internal sealed record Agreement(DeflateParameters? Deflate, WireEncoding Json, WireEncoding Text);

/// <summary>
/// permessage-deflate at one address. The server begins each message anew (server_no_context_takeover), so that one
/// compressed broadcast serves every connection; what is sent to those that agreed on a smaller window is the same bytes,
/// or the plain ones. So a frame is compressed once for each format, however many receive it.
/// </summary>
internal sealed class MessageCompression
{
    private static readonly Agreement Nothing = new(null, WebSocketEncoding.Json, WebSocketEncoding.Text);

    private readonly DeflateParameters? _wanted;
    private readonly DeflateEncoding[] _json;      // by window bits, from 8 on
    private readonly DeflateEncoding[] _text;

    public MessageCompression(DeflateOptions options)
    {
        _wanted = options.Enabled
            ? new() { ServerNoContextTakeover = true, ClientNoContextTakeover = !options.ClientContextTakeover }
            : null;
        _json = ForEachWindow(new DeflateEncoding(WebSocketEncoding.Json, options));
        _text = ForEachWindow(new DeflateEncoding(WebSocketEncoding.Text, options));
    }

    /// <summary>Takes one of the client's offers, and says so in the answer's headers.</summary>
    /// <returns>Not null where the handshake fails.</returns>
    public HandshakeFault? Agree(HttpContext context, out Agreement agreement)
    {
        agreement = Nothing;
        var offered = context.Request.Headers.SecWebSocketExtensions.OfType<string>();
        if (DeflateNegotiation.Choose(offered, _wanted, out var agreed, out var answer) is { } fault)
            return fault;
        if (agreed is null)
            return null;

        context.Response.Headers.SecWebSocketExtensions = answer;
        var window = agreed.ServerMaxWindowBits - DeflateParameters.MinWindowBits;
        agreement = new(agreed, _json[window], _text[window]);
        return null;
    }

    private static DeflateEncoding[] ForEachWindow(DeflateEncoding largest) =>
    [
        .. Enumerable.Range(DeflateParameters.MinWindowBits, DeflateParameters.MaxWindowBits - DeflateParameters.MinWindowBits)
            .Select(bits => new DeflateEncoding(largest, 1 << bits)),
        largest,
    ];
}
