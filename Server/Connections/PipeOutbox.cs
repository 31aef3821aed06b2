using System.Buffers;
using System.IO.Pipelines;

namespace RawSocketChat.Server.Connections;

/// <summary>
/// The outbox of a connection that is a stream of bytes. While the pipe accepts all bytes immediately, a send is one copy into the pipe and one flush
/// on the sender's own thread. It needs no task, no queue and no allocation. If the pipe implements <see cref="IDirectSend"/>, even the copy is not
/// needed. While a flush waits for the peer, messages are queued as references to the shared bytes. They are sent when the flush completes.
/// </summary>
/// <remarks>
/// Every idle connection has an outbox, so an outbox must be small. The outbox itself is the lock, and creates other objects only when they
/// are needed.
/// </remarks>
public sealed class PipeOutbox(PipeWriter writer, WireEncoding encoding, long limitBytes, TimeProvider time) : Outbox
{
    // The number of bytes at which the output pipe makes its writer wait. Longer messages are written in parts, so the pipe
    // never holds more than twice this number.
    private const int MaxWriteBytes = 64 * 1024;

    private readonly IDirectSend? _direct = writer as IDirectSend;
    private TaskCompletionSource? _finishedSource;
    private Queue<ReadOnlyMemory<byte>>? _queue;
    private ReadOnlyMemory<byte> _remainder;
    private ReadOnlyMemory<byte> _notice;
    private TaskCompletionSource<bool>? _drained;
    private long _queuedBytes;
    private long _flushingSince;
    private bool _isFlushing;
    private bool _isHalfFullReported;
    private bool _isCompleted;
    private bool _isFinished;
    private WireEncoding _encoding = encoding;

    /// <summary>How frames are put on the wire. The encoding changes when the client asks for another format.</summary>
    public WireEncoding Encoding
    {
        get => Volatile.Read(ref _encoding);
        set => Volatile.Write(ref _encoding, value);
    }

    /// <summary>Encodes the bytes that the framing adds at the end; null if the framing adds none.</summary>
    public IStreamEnding? Ending { get; init; }

    /// <summary>Completes after <see cref="Complete"/>, when the pipe has accepted the last byte or the peer is gone.</summary>
    public Task Finished
    {
        get
        {
            lock (this)
            {
                if (_isFinished)
                    return Task.CompletedTask;
                _finishedSource ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                return _finishedSource.Task;
            }
        }
    }

    public override long QueuedBytes => Volatile.Read(ref _queuedBytes);

    public override long LimitBytes => limitBytes;

    public override TimeSpan BlockedFor
    {
        get
        {
            lock (this)
                return _isFlushing ? time.GetElapsedTime(_flushingSince) : TimeSpan.Zero;
        }
    }

    public override SendResult Send(EncodedMessage message) => SendBytes(message.GetBytes(Encoding));

    /// <summary>Sends bytes that already have their framing, such as a WebSocket pong.</summary>
    public SendResult SendBytes(ReadOnlyMemory<byte> bytes)
    {
        lock (this)
        {
            if (_isCompleted)
                return SendResult.Closed;
            if (bytes.IsEmpty)
                return SendResult.Accepted;
            if (_isFlushing)
                return Enqueue(bytes);
            Write(bytes);
            return _isCompleted ? SendResult.Closed : SendResult.Accepted;
        }
    }

    public override void SendFirst(EncodedMessage message)
    {
        var bytes = message.GetBytes(Encoding);
        lock (this)
        {
            if (_isCompleted || bytes.IsEmpty)
                return;
            if (!_isFlushing)
            {
                Write(bytes);
                return;
            }

            _notice = Concatenate(_notice, bytes);
        }
    }

    public override ValueTask<bool> WaitForDrainAsync()
    {
        lock (this)
        {
            if (_isCompleted)
                return new(false);
            if (!_isFlushing)
                return new(true);
            _drained ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return new(_drained.Task);
        }
    }

    public override void Complete(EncodedMessage? closeMessage, Disconnect reason)
    {
        var last = closeMessage?.GetBytes(Encoding) ?? default;
        var ending = Ending?.EncodeEnd(reason) ?? default;
        lock (this)
        {
            if (_isCompleted)
                return;
            _isCompleted = true;
            _drained?.TrySetResult(false);
            if (reason.DropsQueue)
                DropQueue();

            if (!_isFlushing)
            {
                // Write the close message and the ending together. Otherwise the ending might have to wait for a flush.
                if (last.Length + ending.Length > 0)
                    Write(Concatenate(last, ending));
                if (!_isFlushing)
                    Finish();
                return;
            }

            (_queue ??= new()).Enqueue(Concatenate(last, ending));
        }
    }

    private SendResult Enqueue(ReadOnlyMemory<byte> bytes)
    {
        if (_queuedBytes + bytes.Length > limitBytes)
            return SendResult.Overflow;

        (_queue ??= new()).Enqueue(bytes);
        _queuedBytes += bytes.Length;
        if (_isHalfFullReported || _queuedBytes * 2 < limitBytes)
            return SendResult.Accepted;
        _isHalfFullReported = true;
        return SendResult.HalfFull;
    }

    // Called under the lock, while no flush runs.
    private void Write(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            var sent = 0;
            if (_direct is not null && !_direct.TrySend(bytes.Span, out sent))
            {
                Abort();
                return;
            }

            for (_remainder = bytes[sent..]; !_remainder.IsEmpty;)
            {
                WriteRemainder(MaxWriteBytes);
                var flush = writer.FlushAsync();
                if (!flush.IsCompletedSuccessfully)
                {
                    _isFlushing = true;
                    _flushingSince = time.GetTimestamp();
                    _ = ContinueFlushAsync(flush);
                    return;
                }

                if (flush.Result.IsCompleted)
                    Abort();
            }
        }
        catch (Exception fault) when (fault is IOException or InvalidOperationException or OperationCanceledException)
        {
            Abort();
        }
    }

    private async Task ContinueFlushAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            while (true)
            {
                var result = await flush;
                lock (this)
                {
                    if (result.IsCompleted || result.IsCanceled)
                    {
                        Abort();
                        return;
                    }

                    if (_remainder.IsEmpty && _notice.IsEmpty && _queue is not { Count: > 0 })
                    {
                        CompleteFlush();
                        return;
                    }

                    WriteFromQueue();
                    _flushingSince = time.GetTimestamp();
                    flush = writer.FlushAsync();
                }
            }
        }
        catch (Exception fault) when (fault is IOException or InvalidOperationException or OperationCanceledException)
        {
            lock (this)
                Abort();
        }
    }

    private void WriteFromQueue()
    {
        var written = WriteRemainder(MaxWriteBytes);
        if (!_remainder.IsEmpty)
            return;
        writer.Write(_notice.Span);
        _notice = default;
        while (written < MaxWriteBytes && _queue is not null && _queue.TryDequeue(out _remainder))
        {
            _queuedBytes = Math.Max(0, _queuedBytes - _remainder.Length);
            written += WriteRemainder(MaxWriteBytes - written);
        }
    }

    // Writes the next part of the message that is being written. No other bytes may come between the parts of a message.
    private int WriteRemainder(int maxBytes)
    {
        var part = _remainder[..Math.Min(_remainder.Length, maxBytes)];
        writer.Write(part.Span);
        _remainder = _remainder[part.Length..];
        return part.Length;
    }

    private void CompleteFlush()
    {
        _isFlushing = false;
        _isHalfFullReported = false;
        _queue = null;
        _queuedBytes = 0;
        _drained?.TrySetResult(true);
        _drained = null;
        if (_isCompleted)
            Finish();
    }

    // Called under the lock when the peer is gone.
    private void Abort()
    {
        _isCompleted = true;
        _isFlushing = false;
        _remainder = default;
        _notice = default;
        DropQueue();
        _drained?.TrySetResult(false);
        _drained = null;
        Finish();
    }

    private void Finish()
    {
        _isFinished = true;
        _finishedSource?.TrySetResult();
    }

    // Keeps the notice, which tells the peer that it reads too slowly.
    private void DropQueue()
    {
        _queue = null;
        _queuedBytes = 0;
    }

    private static ReadOnlyMemory<byte> Concatenate(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second)
    {
        if (first.IsEmpty)
            return second;
        if (second.IsEmpty)
            return first;
        var both = new byte[first.Length + second.Length];
        first.CopyTo(both);
        second.CopyTo(both.AsMemory(first.Length));
        return both;
    }
}
