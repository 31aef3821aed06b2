using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Files;

/// <summary>
/// The body of an upload. Limits the number of bytes, rejects a client that sends too slowly, and yields to other connections. Used by one caller at
/// a time.
/// </summary>
/// <param name="body">The body of the request.</param>
/// <param name="maxBytes">The maximum number of bytes of the body.</param>
/// <param name="minBytesPerSecond">The minimum rate of the client, after <see cref="GracePeriod"/>.</param>
/// <param name="time">The clock.</param>
internal sealed class PacedBody(Stream body, long maxBytes, int minBytesPerSecond, TimeProvider time) : Stream
{
    /// <summary>The time in which a client may send nothing, because its network is slow to start or stops for a moment.</summary>
    public static readonly TimeSpan GracePeriod = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _timeout = new(Timeout.InfiniteTimeSpan, time);
    private readonly ReceivePace _pace = new(null, time);
    private TimeSpan _waited;
    private long _received;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => _received; set => throw new NotSupportedException(); }

    /// <exception cref="UploadException">The body is too large, too slow or incomplete.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _pace.YieldIfDueAsync();
        var start = time.GetTimestamp();
        // Only the time in which the server waits for the client counts.
        _timeout.CancelAfter(GracePeriod + TimeSpan.FromSeconds((double)_received / minBytesPerSecond) - _waited);
        int count;
        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(_timeout.Token, cancellationToken);
            var reading = body.ReadAsync(buffer, ended.Token);
            if (!reading.IsCompleted)
                _pace.OnWaiting();
            count = await reading;
        }
        catch (OperationCanceledException) when (_timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new UploadException(
                new ChatError(ErrorCode.BadFrame, $"the upload is too slow: it must have at least {minBytesPerSecond} bytes per second"), StatusCodes.Status408RequestTimeout);
        }
        catch (Exception fault) when (fault is IOException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The body has invalid chunks or is incomplete.
            throw new UploadException(
                new ChatError(ErrorCode.BadFrame, "the body can't be read: it is incomplete or has invalid chunks"), (fault as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest);
        }

        _timeout.CancelAfter(Timeout.InfiniteTimeSpan);
        _waited += time.GetElapsedTime(start);
        _received += count;
        return _received <= maxBytes ? count : throw new UploadException(FileUploads.CreateTooBig(maxBytes));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _timeout.Dispose();
        base.Dispose(disposing);
    }
}
