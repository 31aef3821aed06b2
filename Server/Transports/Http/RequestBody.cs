using System.Buffers;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Transports.Http;

internal static class RequestBody
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>The whole body, without the mark that some editors and shells put before the first byte. Null: there is none to be had, and it was answered.</summary>
    /// <param name="context">The request.</param>
    /// <param name="mostBytes">The most bytes that it may have; no more are kept.</param>
    /// <param name="tooBig">What is told to whom that is too few.</param>
    public static async Task<ReadOnlyMemory<byte>?> BodyAsync(this HttpContext context, int mostBytes, string tooBig)
    {
        byte[]? body;
        try
        {
            body = await ReadAsync(context.Request, mostBytes);
        }
        catch (Exception fault) when (fault is IOException || (fault is OperationCanceledException && !context.RequestAborted.IsCancellationRequested))
        {
            // Chunks that are none, an end before the end, or too long between two bytes: the peer's fault, of which the log needs no word.
            await context.RefuseAsync(ErrorCode.BadFrame, "the body did not come as HTTP has it: it was broken off, too slow, or in chunks that are none", status: (fault as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest);
            return null;
        }

        if (body is null)
        {
            await context.RefuseAsync(ErrorCode.TooBig, tooBig);
            return null;
        }

        return body.AsSpan().StartsWith(ByteOrderMark) ? body.AsMemory(ByteOrderMark.Length) : body;
    }

    private static async Task<byte[]?> ReadAsync(HttpRequest request, int mostBytes)
    {
        if (request.ContentLength > mostBytes)
            return null;
        while (true)
        {
            var result = await request.BodyReader.ReadAsync(request.HttpContext.RequestAborted);
            if (result.Buffer.Length <= mostBytes && !result.IsCompleted)
            {
                request.BodyReader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            var body = result.Buffer.Length <= mostBytes ? result.Buffer.ToArray() : null;
            request.BodyReader.AdvanceTo(result.Buffer.End);
            return body;
        }
    }
}
