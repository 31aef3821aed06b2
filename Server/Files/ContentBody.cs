using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Files;

/// <summary>
/// The body of a download. The content's file is open only while a part of it is read. Otherwise slow clients could keep many files open, and .NET
/// ends a process that has no free file descriptor. The server disconnects a client that reads nothing for too long.
/// </summary>
internal sealed class ContentBody(HttpContext context, IHttpResponseBodyFeature inner) : IHttpResponseBodyFeature
{
    private const int PartBytes = 64 * 1024;

    public Stream Stream => inner.Stream;

    public PipeWriter Writer => inner.Writer;

    /// <exception cref="FileNotFoundException">The content was removed before the response started.</exception>
    public async Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default)
    {
        var end = offset + (count ?? (new FileInfo(path).Length - offset));
        var buffer = ArrayPool<byte>.Shared.Rent(PartBytes);
        try
        {
            while (offset < end)
            {
                var part = buffer.AsMemory(0, (int)Math.Min(PartBytes, end - offset));
                var read = Read(path, part.Span, offset);
                await context.WritePartsAsync([part[..read]], cancellationToken);
                offset += read;
            }
        }
        catch (IOException) when (context.Response.HasStarted)
        {
            // The content was removed, together with its last message.
            context.Abort();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

    public Task CompleteAsync() => inner.CompleteAsync();

    public void DisableBuffering() => inner.DisableBuffering();

    private static int Read(string path, Span<byte> part, long offset)
    {
        using var content = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
        return RandomAccess.Read(content, part, offset) is > 0 and var read ? read : throw new EndOfStreamException();
    }
}
