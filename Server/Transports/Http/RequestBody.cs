using System.Buffers;
using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>Reads the body of one request. The bytes of the body count towards a budget until this object is disposed of.</summary>
internal sealed class RequestBody(HttpContext context, ByteBudget budget) : IDisposable
{
    private long _countedBytes;

    /// <summary>The white space that JSON allows before and after a value (RFC 8259, section 2).</summary>
    public static ReadOnlySpan<byte> JsonWhiteSpace => " \t\r\n"u8;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>
    /// Reads the whole body, without a leading byte order mark (some editors and shells write one). The body must arrive within
    /// <see cref="ConnectionOptions.WholeFrameSeconds"/>, like a frame on every other transport.
    /// </summary>
    /// <param name="maxBytes">Maximum bytes of the body. The server buffers no more than this.</param>
    /// <param name="tooBigText">The error text for a body that is too big.</param>
    /// <returns>Null if the body is too big, can't be read, or exceeds the budget. The server has then answered the request with an
    /// error.</returns>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(int maxBytes, string tooBigText)
    {
        byte[]? body;
        using var timeout = StartTimeout();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, context.RequestAborted);
        try
        {
            body = await ReadAsync(maxBytes, ended.Token);
        }
        catch (Exception fault) when (fault is IOException || (fault is OperationCanceledException && !context.RequestAborted.IsCancellationRequested))
        {
            // The body has invalid chunks, is incomplete, or comes too slowly. The peer has caused the error, so the server does not log the error.
            if (timeout.IsCancellationRequested)
                CloseConnection();
            await context.RejectAsync(
                ErrorCode.BadFrame,
                "the body can't be read: it is incomplete, too slow, or has invalid chunks",
                status: (fault as BadHttpRequestException)?.StatusCode
                    ?? (timeout.IsCancellationRequested ? StatusCodes.Status408RequestTimeout : StatusCodes.Status400BadRequest));
            return null;
        }

        if (body is null && budget.IsUsedUpFor(_countedBytes))
        {
            CloseConnection();
            await context.RejectAsync(ErrorCode.RateLimited, "the server receives too many large bodies at the moment; try again in a moment", retryAfterMs: 1000);
            return null;
        }

        if (body is null)
        {
            await context.RejectAsync(ErrorCode.TooBig, tooBigText);
            return null;
        }

        return body.AsSpan().StartsWith(ByteOrderMark) ? body.AsMemory(ByteOrderMark.Length) : body;
    }

    public void Dispose() => Count(0);

    private CancellationTokenSource StartTimeout()
    {
        var options = context.RequestServices.GetRequiredService<IOptions<ConnectionOptions>>().Value;
        return new CancellationTokenSource(TimeSpan.FromSeconds(options.WholeFrameSeconds), context.RequestServices.GetRequiredService<TimeProvider>());
    }

    // Without this header, Kestrel would read the rest of the body.
    private void CloseConnection()
    {
        if (HttpProtocol.IsHttp11(context.Request.Protocol))
            context.Response.Headers.Connection = "close";
    }

    // Returns null if the body is too big or exceeds the budget.
    private async Task<byte[]?> ReadAsync(int maxBytes, CancellationToken ended)
    {
        if (context.Request.ContentLength > maxBytes)
            return null;
        var reader = context.Request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(ended);
            Count(Math.Min(result.Buffer.Length, maxBytes));
            var isAllowed = result.Buffer.Length <= maxBytes && !budget.IsUsedUpFor(_countedBytes);
            if (isAllowed && !result.IsCompleted)
            {
                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            var body = isAllowed ? result.Buffer.ToArray() : null;
            reader.AdvanceTo(result.Buffer.End);
            return body;
        }
    }

    private void Count(long bytes)
    {
        budget.Add(bytes - _countedBytes);
        _countedBytes = bytes;
    }
}
