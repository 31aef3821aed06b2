using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>
/// Over HTTP/2: an extended CONNECT (RFC 8441), which makes a WebSocket of one stream of the connection. The others, a
/// page's requests or further WebSockets, go on beside it, and end without it. What Kestrel asks of the body of a request,
/// its size and that it does not come too slowly, it does not ask of what comes here.
/// </summary>
internal sealed class ExtendedConnectHandshake : IWebSocketHandshake
{
    public static readonly ExtendedConnectHandshake Instance = new();

    // RFC 8441, section 5: what over HTTP/1.1 would be TCP's reset is RST_STREAM with CANCEL (RFC 9113, section 7).
    private const int Cancel = 8;

    // Between two messages nothing is held: where nothing has come, the reader asks before it rents a buffer.
    private static readonly StreamPipeReaderOptions Reading = new(leaveOpen: true, useZeroByteReads: true);

    private static readonly StreamPipeWriterOptions Writing = new(leaveOpen: true);

    public string Way => "ws-h2";

    public bool TakesConnection => false;

    public HandshakeFault? Check(HttpContext context) => Handshake.CheckConnect(
        context.Request.Method,
        context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect ? connect.Protocol : null,
        context.Request.Headers.SecWebSocketVersion);

    public void Explain(HandshakeFault fault, HttpResponse response)
    {
        if (fault.Status == StatusCodes.Status405MethodNotAllowed)
            response.Headers.Allow = HttpMethods.Connect;
        if (fault.Status == StatusCodes.Status400BadRequest)
            response.Headers.SecWebSocketVersion = Handshake.Version;
    }

    public async Task<IDuplexPipe> AcceptAsync(HttpContext context)
    {
        // Neither the request's BodyReader nor the response's BodyWriter is of use here, by Kestrel's design: the one is empty and
        // the other throws. What comes and goes does so through the accepted stream alone.
        var stream = await context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync();
        var input = PipeReader.Create(stream, Reading);
        var output = PipeWriter.Create(stream, Writing);
        context.Response.OnCompleted(() =>
        {
            // Gives buffers back; what is still in them was refused, or the peer is gone.
            output.Complete(new OperationCanceledException());
            return input.CompleteAsync().AsTask();
        });
        return new StreamPipe(input, output);
    }

    public void Reset(HttpContext context) => context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(Cancel);

    private sealed record StreamPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
