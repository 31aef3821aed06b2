using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>
/// The handshake over HTTP/2: an extended CONNECT (RFC 8441) turns one stream of the connection into a WebSocket. The other streams (requests
/// of a page, more WebSockets) are independent of this stream. Kestrel does not apply its limits for request bodies (size, minimum rate) to
/// this stream.
/// </summary>
internal sealed class ExtendedConnectHandshake : IWebSocketHandshake
{
    public static readonly ExtendedConnectHandshake Instance = new();

    // RFC 8441, section 5: RST_STREAM with CANCEL (RFC 9113, section 7) replaces the TCP reset of HTTP/1.1.
    private const int CancelErrorCode = 8;

    // Zero-byte reads: while nothing arrives, the reader holds no buffer.
    private static readonly StreamPipeReaderOptions ReaderOptions = new(leaveOpen: true, useZeroByteReads: true);

    private static readonly StreamPipeWriterOptions WriterOptions = new(leaveOpen: true);

    public string TransportName => "ws-h2";

    public bool UsesWholeConnection => false;

    public HandshakeFault? Check(HttpContext context) => ServerHandshake.ValidateConnect(
        context.Request.Method,
        context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect ? connect.Protocol : null,
        context.Request.Headers.SecWebSocketVersion);

    public void SetFaultHeaders(HandshakeFault fault, HttpResponse response)
    {
        if (fault.Status == StatusCodes.Status405MethodNotAllowed)
            response.Headers.Allow = HttpMethods.Connect;
        if (fault.Status == StatusCodes.Status400BadRequest)
            response.Headers.SecWebSocketVersion = ServerHandshake.Version;
    }

    public async Task<IDuplexPipe> AcceptAsync(HttpContext context)
    {
        // The request's BodyReader and the response's BodyWriter don't work here: by Kestrel's design the reader is empty and the writer
        // throws. Only the accepted stream carries data.
        var stream = await context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync();
        var input = PipeReader.Create(stream, ReaderOptions);
        var output = PipeWriter.Create(stream, WriterOptions);
        context.Response.OnCompleted(() =>
        {
            // Returns the buffers to the pool. The remaining bytes cannot be sent: the peer did not accept them, or the stream has ended.
            output.Complete(new OperationCanceledException());
            return input.CompleteAsync().AsTask();
        });
        return new StreamPipe(input, output);
    }

    public void Reset(HttpContext context) => context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(CancelErrorCode);

    private sealed record StreamPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
