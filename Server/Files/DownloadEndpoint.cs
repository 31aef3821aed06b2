using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Logging;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Transports;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Files;

/// <summary>
/// <c>GET /files/{id}/{name}</c> and <c>GET /files/{id}/preview</c>. Each request checks that the user has uploaded the file, or is a member of a
/// room where a message has the file. Any other user gets the same answer as for a file that does not exist.
/// </summary>
internal sealed class DownloadEndpoint(
    FileSession session,
    IFileStore files,
    Memberships memberships,
    ContentStore contents,
    ConnectionRegistry connections,
    FileMetrics metrics,
    IOptions<ConnectionOptions> options,
    TimeProvider time,
    ILogger<DownloadEndpoint> logger)
{
    private const string PreviewName = "preview";
    private const int IdLength = 32;

    // Even if a browser shows a content as a page, the content's scripts, styles and forms have no effect.
    private const string ContentSecurityPolicy = "sandbox; default-src 'none'";

    private static readonly string Methods = $"{HttpMethods.Get}, {HttpMethods.Head}, {HttpMethods.Options}";

    private readonly LogLimit _missingLog = LogLimit.CreateUsual(time);

    /// <param name="context">The request.</param>
    /// <param name="id">The id of the file, as the path has it.</param>
    /// <param name="name">The last part of the path.</param>
    public async Task InvokeAsync(HttpContext context, string id, string name)
    {
        if (HttpMethods.IsOptions(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            context.Response.Headers.Allow = Methods;
            context.Response.Headers.CacheControl = "no-store";
            return;
        }

        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            await context.RejectMethodAsync(Methods, "GET reads a file here");
            return;
        }

        if (connections.TryOpenAccount(context.GetRemote()) is not { } account)
        {
            await context.RejectAddressAsync();
            return;
        }

        try
        {
            await AnswerAsync(context, account, id, name);
        }
        catch (StorageException) when (!context.Response.HasStarted)
        {
            await context.RejectAsync(ErrorCode.Unavailable, "the server cannot read files at the moment; try again in a moment", retryAfterMs: 1000);
        }
        finally
        {
            connections.CloseAccount(account);
        }
    }

    private async Task AnswerAsync(HttpContext context, AddressAccount account, string id, string name)
    {
        if (await session.FindUserAsync(context) is not { } user)
            account.Charge(Cost.Error);
        else if (id.Length != IdLength || await files.FindAsync(id, context.RequestAborted) is not { } found
            || (found.File.Uploader != user.Id && !await memberships.IsMemberOfAnyAsync(user.Id, found.Rooms)))
            await RejectAsync(context, account);
        else if (name != PreviewName)
            await SendAsync(context, account, found.File, contents.Folder.GetPath(found.File.Hash), found.File.Type, $"\"{found.File.Hash}\"");
        else if (found.File.Width is null)
            await RejectAsync(context, account);
        else
            await SendPreviewAsync(context, account, found.File);
    }

    private Task SendPreviewAsync(HttpContext context, AddressAccount account, StoredFile file)
    {
        var path = contents.Folder.GetPreviewPath(file.Hash);
        return SendAsync(context, account, file, path, DetectType(path), $"\"{file.Hash}-preview\"");
    }

    private async Task SendAsync(HttpContext context, AddressAccount account, StoredFile file, string path, string type, string tag)
    {
        if (!File.Exists(path))
        {
            // Either the file was removed at this moment, together with its message, or the data folder is damaged. Only in the second case does the
            // record of the file still exist.
            if (await files.FindAsync(file.Id, context.RequestAborted) is not null && _missingLog.TryTake(out var dropped))
                Log.ContentMissing(logger, file.Hash, dropped);
            await RejectAsync(context, account);
            return;
        }

        var headers = context.Response.Headers;
        var disposition = new ContentDispositionHeaderValue(FileType.IsInline(type) ? "inline" : "attachment");
        disposition.SetHttpFileName(file.Name);
        headers.ContentDisposition = disposition.ToString();
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        // A browser must ask the server before it uses its cached copy, because the user may have left the room. If the file has not changed, the
        // answer has no content.
        headers.CacheControl = "private, no-cache";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Referrer-Policy"] = "no-referrer";
        var result = TypedResults.PhysicalFile(
            path, type == FileType.Text ? "text/plain; charset=utf-8" : type, entityTag: new EntityTagHeaderValue(new StringSegment(tag)), enableRangeProcessing: true);
        context.Features.Set<IHttpResponseBodyFeature>(new ContentBody(context, context.Features.GetRequiredFeature<IHttpResponseBodyFeature>()));
        // A client that reads slowly must not delay the shutdown of the server.
        using var ended = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using var abort = ended.Token.UnsafeRegister(static request => ((HttpContext)request!).Abort(), context);
        await using var stop = connections.Stopping.UnsafeRegister(_ => ended.CancelAfter(TimeSpan.FromSeconds(options.Value.LingerSeconds)), null);
        try
        {
            await result.ExecuteAsync(context);
        }
        catch (FileNotFoundException) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            await RejectAsync(context, account);
        }
        finally
        {
            var bytes = HttpMethods.IsHead(context.Request.Method) ? 0 : context.Response.ContentLength ?? 0;
            account.Charge(Cost.ForFile(bytes));
            metrics.CountDownload(bytes);
        }
    }

    private static Task RejectAsync(HttpContext context, AddressAccount account)
    {
        account.Charge(Cost.Error);
        return context.RejectAsync(ErrorCode.NotFound, "there is no such file, or you are in no room with it", status: StatusCodes.Status404NotFound);
    }

    private static string DetectType(string path)
    {
        Span<byte> head = stackalloc byte[64];
        try
        {
            using var preview = File.OpenHandle(path);
            return FileType.Detect(head[..RandomAccess.Read(preview, head, 0)]);
        }
        catch (IOException)
        {
            return FileType.Unknown;
        }
    }
}
