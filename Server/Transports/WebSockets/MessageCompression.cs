using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>The result of the compression negotiation of one connection.</summary>
/// <param name="Deflate">The agreed parameters; null if there is no compression.</param>
/// <param name="Json">The encoding of frames in JSON.</param>
/// <param name="Text">The encoding of frames in the text format.</param>
internal sealed record CompressionAgreement(DeflateParameters? Deflate, WireEncoding Json, WireEncoding Text);

/// <summary>
/// The permessage-deflate encodings of one WebSocket address. The server compresses each message independently (server_no_context_takeover),
/// so that all connections share one compressed copy of a broadcast. A connection with a smaller window gets that copy or the uncompressed
/// message. So the server compresses a frame at most once for each format, however many receivers it has.
/// </summary>
internal sealed class MessageCompression
{
    private static readonly CompressionAgreement None = new(null, WebSocketEncoding.Json, WebSocketEncoding.Text);

    private readonly DeflateParameters? _preferred;
    private readonly DeflateEncoding[] _json;      // the index is the window bits minus DeflateParameters.MinWindowBits
    private readonly DeflateEncoding[] _text;

    public MessageCompression(DeflateOptions options)
    {
        _preferred = options.Enabled
            ? new() { ServerNoContextTakeover = true, ClientNoContextTakeover = !options.ClientContextTakeover }
            : null;
        _json = CreateForEachWindow(new DeflateEncoding(WebSocketEncoding.Json, options));
        _text = CreateForEachWindow(new DeflateEncoding(WebSocketEncoding.Text, options));
    }

    /// <summary>Chooses one of the client's offers and sets the response header.</summary>
    /// <returns>The fault if the offers are malformed; the handshake then fails. Otherwise null.</returns>
    public HandshakeFault? Negotiate(HttpContext context, out CompressionAgreement agreement)
    {
        agreement = None;
        var offered = context.Request.Headers.SecWebSocketExtensions.OfType<string>();
        if (DeflateNegotiation.ChooseOffer(offered, _preferred, out var agreed, out var answer) is { } problem)
            return new HandshakeFault(400, problem);
        if (agreed is null)
            return null;

        context.Response.Headers.SecWebSocketExtensions = answer;
        var window = agreed.ServerMaxWindowBits - DeflateParameters.MinWindowBits;
        agreement = new(agreed, _json[window], _text[window]);
        return null;
    }

    private static DeflateEncoding[] CreateForEachWindow(DeflateEncoding largest) =>
    [
        .. Enumerable.Range(DeflateParameters.MinWindowBits, DeflateParameters.MaxWindowBits - DeflateParameters.MinWindowBits)
            .Select(bits => new DeflateEncoding(largest, 1 << bits)),
        largest,
    ];
}
