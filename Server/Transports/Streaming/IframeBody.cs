using System.Buffers;
using System.Security.Cryptography;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Streaming;

/// <summary>The forever iframe: an endless HTML page. Each frame is a script element that calls a function of the parent page.</summary>
/// <param name="callback">The name of the function. The caller has validated it.</param>
/// <param name="maxBytes">The page ends after this many bytes, so that the browser can free its memory.</param>
internal sealed class IframeBody(string callback, long maxBytes) : StreamBody
{
    private readonly string _nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    public override string TransportName => "iframe";

    public override string ContentType => "text/html; charset=utf-8";

    public override long MaxBytes => maxBytes;

    public override void SetHeaders(IHeaderDictionary headers)
    {
        // Only scripts with this nonce run in the iframe, and only a page of this server can embed the iframe.
        headers.ContentSecurityPolicy = $"default-src 'none'; script-src 'nonce-{_nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
        headers.XFrameOptions = "SAMEORIGIN";
        headers["Referrer-Policy"] = "no-referrer";
    }

    public override void WriteHead(IBufferWriter<byte> output, long cursor) => ScriptFraming.WriteHead(output, cursor);

    public override void Write(IBufferWriter<byte> output, EncodedFrame frame, long? cursor) =>
        ScriptFraming.Write(output, _nonce, callback, frame.Payload.Span);

    public override void WriteKeepAlive(IBufferWriter<byte> output) => output.Write(ScriptFraming.KeepAlive);
}
