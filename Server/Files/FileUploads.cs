using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Files.Images;
using RawSocketChat.Server.Logging;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Files;

/// <summary>
/// Receives uploads: streams each one to the disk, finds its type, and adds it to the files of the user. A failed upload leaves nothing on the
/// disk. Thread-safe.
/// </summary>
public sealed class FileUploads(
    ContentStore contents,
    IFileStore files,
    UploadGate gate,
    FileMetrics metrics,
    ImagePreviews previews,
    IOptions<FilesOptions> options,
    TimeProvider time,
    ILogger<FileUploads> logger)
{
    // The memory that each upload takes while the server receives it.
    private const int BufferBytes = 64 * 1024;

    private readonly LogLimit _diskLog = LogLimit.CreateUsual(time);

    private FilesOptions Options => options.Value;

    /// <summary>
    /// Waits until the upload may begin, because the number of uploads at the same time is limited. The caller disposes of the result.
    /// </summary>
    /// <param name="remote">The client's address and port.</param>
    /// <param name="cancellationToken">Ends the wait, because the client is gone.</param>
    internal async Task<IDisposable> EnterAsync(string remote, CancellationToken cancellationToken) =>
        await gate.EnterAsync(ClientAddress.GetKey(remote), cancellationToken)
        ?? throw new UploadException(new ChatError(ErrorCode.RateLimited, "too many uploads wait at the moment; try again in a moment", RetryAfterMs: 5_000));

    /// <summary>Rejects an upload that cannot succeed, before its body is read.</summary>
    /// <param name="user">The user.</param>
    /// <param name="bytes">The size of the body, if the client has announced it.</param>
    /// <exception cref="UploadException">The upload cannot succeed.</exception>
    /// <exception cref="StorageException">The storage cannot be read.</exception>
    internal async Task CheckAsync(NamedUser user, long? bytes)
    {
        if (!Options.Enabled)
            throw new UploadException(new ChatError(ErrorCode.NotOffered, "this server does not take files"), StatusCodes.Status403Forbidden);
        if (bytes > Options.MaxBytes)
            throw new UploadException(CreateTooBig(Options.MaxBytes));
        ThrowUnlessAdded(await files.CheckQuotaAsync(user.Id, bytes ?? 0, GetQuota(user), CancellationToken.None), user);
        if (!contents.HasSpace(bytes ?? 0, user.IsGuest))
            ThrowUnlessAdded(FileAddition.ServerFull, user);
    }

    /// <summary>Receives a content up to its end, and adds it as a file of the user.</summary>
    /// <param name="account">The account of the client's address.</param>
    /// <param name="user">The uploader.</param>
    /// <param name="remote">The uploader's address and port.</param>
    /// <param name="name">The name that the client has sent; null for none.</param>
    /// <param name="content">The content.</param>
    /// <param name="complete">Reads the rest of the request, which must be valid too.</param>
    /// <param name="cancellationToken">Cancelled when the client is gone.</param>
    /// <exception cref="UploadException">The upload is not valid, or a limit does not allow it.</exception>
    /// <exception cref="StorageException">The file cannot be stored.</exception>
    internal async Task<StoredFile> ReceiveAsync(
        AddressAccount account, NamedUser user, string remote, string? name, Stream content, Func<Task> complete, CancellationToken cancellationToken)
    {
        try
        {
            using var incoming = IncomingFile.Create(contents.Folder);
            await ReceiveAsync(content, incoming, cancellationToken);
            await complete();
            var file = await AddAsync(account, user, remote, name, incoming, cancellationToken);
            metrics.CountUpload(file.Bytes);
            return file;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            if (_diskLog.TryTake(out var dropped))
                Log.CannotStoreFile(logger, fault, fault.Message, dropped);
            throw new UploadException(new ChatError(ErrorCode.Unavailable, "the server cannot store files at the moment; try again later", RetryAfterMs: 60_000));
        }
    }

    internal static ChatError CreateTooBig(long maxBytes) => new(ErrorCode.TooBig, $"a file has at most {maxBytes} bytes");

    private async Task ReceiveAsync(Stream content, IncomingFile incoming, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (await ReadAsync(content, buffer.AsMemory(0, BufferBytes), cancellationToken) is > 0 and var count)
            {
                if (incoming.Length + count > Options.MaxBytes)
                    throw new UploadException(CreateTooBig(Options.MaxBytes));
                await WorkAsync(() => incoming.Write(buffer.AsSpan(0, count)), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Reads the next part of the content. Rejects the upload if the end of a multipart body is missing.
    private static async Task<int> ReadAsync(Stream content, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await content.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or InvalidDataException)
        {
            throw new UploadException(new ChatError(ErrorCode.BadFrame, "the body is incomplete"), StatusCodes.Status400BadRequest);
        }
    }

    private async Task<StoredFile> AddAsync(AddressAccount account, NamedUser user, string remote, string? name, IncomingFile incoming, CancellationToken cancellationToken)
    {
        var type = FileType.Detect(incoming.Head);
        if (!FileType.IsImage(type))
            return await AddAsync(account, user, name, incoming, type, preview: null, size: null, cancellationToken);

        using var image = IncomingFile.Create(contents.Folder);
        var (isImage, orientation) = (false, Orientation.Normal);
        await WorkAsync(() => isImage = TryCopyImage(incoming, type, image, out orientation), cancellationToken);
        if (!isImage)
            return await AddAsync(account, user, name, incoming, FileType.Unknown, preview: null, size: null, cancellationToken);

        await WorkAsync(() => image.Complete(), cancellationToken);
        var preview = image.Path + ".preview";
        try
        {
            var size = await previews.CreateAsync(remote, image.Path, orientation, preview, cancellationToken);
            return await AddAsync(account, user, name, image, type, size is null ? null : preview, size, cancellationToken);
        }
        finally
        {
            File.Delete(preview);
        }
    }

    private async Task<StoredFile> AddAsync(
        AddressAccount account, NamedUser user, string? name, IncomingFile incoming, string type, string? preview, ImageSize? size, CancellationToken cancellationToken)
    {
        var hash = "";
        await WorkAsync(() => hash = incoming.Complete(), cancellationToken);
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var file = new StoredFile(id, hash, FileName.Clean(name), type, incoming.Length, user.Id, time.GetUtcNow()) { Width = size?.Width, Height = size?.Height };
        if (user.IsGuest && !account.TryTakeGuestFile(file.Bytes))
            throw new UploadException(new ChatError(ErrorCode.TooMany, "the guests of your address have uploaded too much today; register an account, or try again tomorrow"), StatusCodes.Status403Forbidden);
        var isAdded = false;
        try
        {
            ThrowUnlessAdded(await contents.AddAsync(file, GetQuota(user), user.IsGuest, incoming.Path, preview), user);
            isAdded = true;
            return file;
        }
        finally
        {
            if (user.IsGuest && !isAdded)
                account.GiveBackGuestFile(file.Bytes);
        }
    }

    // A content that looks like an image but breaks the rules of its format becomes a file to download. So the page shows no image whose
    // metadata the server could not remove.
    private static bool TryCopyImage(IncomingFile incoming, string type, IncomingFile image, out int orientation)
    {
        using var source = incoming.OpenRead();
        return ImageCleaner.TryCopy(type, source, image.Write, out orientation);
    }

    private async Task WorkAsync(Action work, CancellationToken cancellationToken)
    {
        await gate.Work.WaitAsync(cancellationToken);
        try
        {
            work();
        }
        finally
        {
            gate.Work.Release();
        }
    }

    private FileQuota GetQuota(NamedUser user) => user.IsGuest ? new(Options.GuestQuotaFiles, Options.GuestQuotaBytes) : new(Options.UserQuotaFiles, Options.UserQuotaBytes);

    private void ThrowUnlessAdded(FileAddition addition, NamedUser user)
    {
        var quota = GetQuota(user);
        var advice = user.IsGuest ? "register an account, or delete messages with files" : "delete messages with files to make space";
        var text = addition switch
        {
            FileAddition.Added => null,
            FileAddition.TooManyFiles when quota.Files == 0 => "only users with an account may upload files here; register first",
            FileAddition.TooManyFiles => $"you have {quota.Files} files, which is the maximum; {advice}",
            FileAddition.TooManyBytes => $"your files may have at most {quota.Bytes} bytes together; {advice}",
            _ when user.IsGuest => "the server's space for the files of guests is used up; register an account, or ask the operator",
            _ => "the server's space for files is used up; only the operator can change that",
        };
        if (text is not null)
            throw new UploadException(new ChatError(ErrorCode.TooMany, text), StatusCodes.Status403Forbidden);
    }
}
