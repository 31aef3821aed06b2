using System.Buffers;

namespace RawSocketChat.Server.Transports.Http;

internal static class RequestBody
{
    /// <summary>The whole body; null where it is longer than that: no more of it is kept then.</summary>
    public static async Task<byte[]?> ReadAsync(HttpRequest request, int mostBytes)
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
