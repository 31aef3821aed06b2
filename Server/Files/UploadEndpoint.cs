using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Transports;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Files;

/// <summary>
/// <c>POST /files</c>: receives a file, as the whole body with its name in the header <c>X-File-Name</c>, or as the first file of
/// <c>multipart/form-data</c> (RFC 7578).
/// </summary>
internal sealed class UploadEndpoint(FileUploads uploads, FileSession session, ConnectionRegistry connections, IOptions<FilesOptions> options, TimeProvider time)
{
    private const string NameHeader = "X-File-Name";
    private const string Hint = "curl -H 'Authorization: Bearer TOKEN' -H 'X-File-Name: cat.png' --data-binary @cat.png …/files";

    // The maximum size of the other parts of a multipart body: boundaries, headers and other fields.
    private const int MultipartOverhead = 64 * 1024;

    private const int MaxBoundaryLength = 200;
    private const int MaxSections = 16;
    private const int SectionBufferBytes = 32 * 1024;

    public async Task InvokeAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            await context.RejectMethodAsync($"{HttpMethods.Post}, {HttpMethods.Options}", "POST a file here; GET reads it at /files/ID/NAME", Hint);
            return;
        }

        if (connections.TryOpenAccount(context.GetRemote()) is not { } account)
        {
            await context.RejectAddressAsync();
            return;
        }

        try
        {
            if (await session.FindUserAsync(context) is { } user)
                await ReceiveAsync(context, account, user);
            else
                account.Charge(Cost.Error);
        }
        catch (UploadException fault)
        {
            if (fault.Error.Code != ErrorCode.RateLimited)
                account.Charge(Cost.Error);
            await context.RejectAsync(new ErrorFrame(default, fault.Error), fault.Status);
        }
        catch (StorageException)
        {
            await context.RejectAsync(ErrorCode.Unavailable, "the server cannot store or read files at the moment; try again in a moment", retryAfterMs: 1000);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone.
        }
        finally
        {
            connections.CloseAccount(account);
        }
    }

    private async Task ReceiveAsync(HttpContext context, AddressAccount account, NamedUser user)
    {
        var boundary = FindBoundary(context.Request);
        await uploads.CheckAsync(user, context.Request.ContentLength - (boundary is null ? 0 : MultipartOverhead) is > 0 and var bytes ? bytes : null);
        if (!account.TryCharge(Cost.Upload, out var retryAfterMs))
            throw new UploadException(new ChatError(ErrorCode.RateLimited, $"too many requests from your address; wait {retryAfterMs / 1000.0:0.0} s", RetryAfterMs: retryAfterMs));
        RemoveServerLimits(context);
        using var place = await uploads.EnterAsync(context.GetRemote(), context.RequestAborted);
        using var body = new PacedBody(
            context.Request.Body, options.Value.MaxBytes + (boundary is null ? 0 : MultipartOverhead), options.Value.MinBytesPerSecond, time);
        try
        {
            var file = boundary is null
                ? await uploads.ReceiveAsync(account, user, context.GetRemote(), GetName(context.Request), body, () => Task.CompletedTask, context.RequestAborted)
                : await ReceiveMultipartAsync(context, account, user, boundary, body);
            place.Dispose();
            var record = new AttachedFile(file.Id, file.Name, file.Type, file.Bytes, file.Width, file.Height);
            await context.AnswerAsync(StatusCodes.Status201Created, ChatCodec.Encode(record));
        }
        finally
        {
            // The client pays for the bytes that it has sent, even if they are not a valid file.
            account.Charge(Cost.ForFile(body.Position));
        }
    }

    private async Task<StoredFile> ReceiveMultipartAsync(HttpContext context, AddressAccount account, NamedUser user, string boundary, PacedBody body)
    {
        var reader = new MultipartReader(boundary, body, SectionBufferBytes);
        try
        {
            for (var count = 0; count < MaxSections && await reader.ReadNextSectionAsync(context.RequestAborted) is { } section; count++)
            {
                if (section.GetContentDispositionHeader() is { } disposition && disposition.IsFileDisposition())
                {
                    var name = disposition.FileNameStar.HasValue ? disposition.FileNameStar : HeaderUtilities.RemoveQuotes(disposition.FileName);
                    return await uploads.ReceiveAsync(account, user, context.GetRemote(), name.Value, section.Body, () => ReadRestAsync(reader, context.RequestAborted), context.RequestAborted);
                }
            }
        }
        catch (Exception fault) when (fault is IOException or InvalidDataException)
        {
            throw new UploadException(new ChatError(ErrorCode.BadFrame, "the body is not valid multipart/form-data"));
        }

        throw new UploadException(new ChatError(ErrorCode.MissingField, "the form has no file; a file's part has a filename in its Content-Disposition"));
    }

    private static async Task ReadRestAsync(MultipartReader reader, CancellationToken cancellationToken)
    {
        try
        {
            for (var count = 1; await reader.ReadNextSectionAsync(cancellationToken) is { } section; count++)
            {
                if (count >= MaxSections || section.GetContentDispositionHeader()?.IsFileDisposition() == true)
                    throw new UploadException(new ChatError(ErrorCode.TooMany, $"a request has one file and at most {MaxSections - 1} other fields; send each file in a request of its own"), StatusCodes.Status400BadRequest);
            }
        }
        catch (IOException)
        {
            throw new UploadException(new ChatError(ErrorCode.BadFrame, "the body is not valid multipart/form-data"));
        }
    }

    // Turns off two limits of Kestrel, because they do not fit uploads: 30 MB for a body, and a minimum rate that also counts the time for which an
    // upload waits for a place.
    private static void RemoveServerLimits(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
    }

    private static string? FindBoundary(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            return null;
        return HeaderUtilities.RemoveQuotes(type.Boundary).Value is { Length: > 0 and <= MaxBoundaryLength } boundary
            ? boundary
            : throw new UploadException(new ChatError(ErrorCode.BadFrame, "multipart/form-data needs a boundary", Hint));
    }

    // Sequences that are not valid UTF-8 stay percent-encoded, because Uri does not decode them.
    private static string? GetName(HttpRequest request) => request.Headers[NameHeader] is [{ Length: > 0 } name, ..] ? Uri.UnescapeDataString(name) : null;
}
