using System.Buffers;
using System.Security.Cryptography;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Streaming;

/// <summary>The forever iframe: a page whose script elements call the page around it.</summary>
/// <param name="callback">The function; its name has been checked.</param>
/// <param name="mostBytes">After so many the page ends, and its memory with it.</param>
internal sealed class IframeBody(string callback, long mostBytes) : StreamBody
{
    private readonly string _nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    public override string Way => "iframe";

    public override string ContentType => "text/html; charset=utf-8";

    public override long MostBytes => mostBytes;

    public override void SetHeaders(IHeaderDictionary headers)
    {
        // Nothing but these scripts runs in it, and no page but our own shows it.
        headers.ContentSecurityPolicy = $"default-src 'none'; script-src 'nonce-{_nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
        headers.XFrameOptions = "SAMEORIGIN";
        headers["Referrer-Policy"] = "no-referrer";
    }

    public override void WriteHead(IBufferWriter<byte> output, long cursor) => ScriptFraming.WriteHead(output, cursor);

    public override void Write(IBufferWriter<byte> output, OutboundFrame frame, long? cursor) =>
        ScriptFraming.Write(output, _nonce, callback, frame.Payload.Span);

    public override void WriteKeepAlive(IBufferWriter<byte> output) => output.Write(ScriptFraming.KeepAlive);
}
