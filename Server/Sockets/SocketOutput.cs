using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Microsoft.AspNetCore.Connections;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Sockets;

/// <summary>
/// The pipe writer over a connection's socket. A flush sends immediately, on the writer's own thread. Bytes that the socket does not accept wait
/// in this object, and are sent when the peer reads. If <see cref="PauseBytes"/> or more are waiting, the flush waits too (back-pressure).
/// Bytes that the socket accepts in <see cref="TrySend"/> are never copied.
/// <para>
/// Threads: one writer at a time, as for any <see cref="PipeWriter"/>. Any thread may call <see cref="Complete"/> or <see cref="End"/>,
/// cancel a flush, or report a completed send. The lock on this object guards all state. Calls to the pipe and completions of a flush
/// happen outside the lock.
/// </para>
/// </summary>
internal sealed class SocketOutput(SocketPipe pipe, Socket socket) : PipeWriter, IDirectSend, IValueTaskSource<FlushResult>, IDisposable
{
    /// <summary>A flush waits if this many bytes or more are waiting. Kestrel's own transport has the same limit.</summary>
    internal const int PauseBytes = 64 * 1024;

    /// <summary>A waiting flush continues when the number of waiting bytes has fallen to this limit.</summary>
    internal const int ResumeBytes = PauseBytes / 2;

    // The maximum number of bytes of one asynchronous send. A send completes only when all its bytes are sent. So with small sends, a
    // waiting flush can continue earlier.
    private const int MaxSendBytes = 16 * 1024;

    // The first block of unflushed bytes is small because most writes are one chat frame. Further blocks are large.
    private const int SmallBlockBytes = 4 * 1024;
    private const int LargeBlockBytes = 32 * 1024;

    private readonly SafeSocketHandle _handle = socket.SafeHandle;
    private ManualResetValueTaskSourceCore<FlushResult> _flush;
    private BlockChain _unflushed;

    // Bytes that are flushed and that the socket has not accepted. Whenever the lock is free, either this chain is empty or a send is in
    // progress.
    private BlockChain _waiting;

    // Created when bytes wait for the first time. Most connections never need this object.
    private PendingSend? _pendingSend;
    private TaskCompletionSource? _drained;
    private CancellationTokenRegistration _cancellation;
    private CancellationToken _cancellationToken;
    private long _unflushedBytes;
    private long _waitingBytes;
    private bool _isSending;
    private bool _isFlushing;
    private bool _isCanceled;

    // The writer is completed.
    private bool _isCompleted;

    // Nothing more can be sent: this side has ended the output, or the connection is lost.
    private bool _isEnded;

    // True after GetMemory until the writer calls Advance.
    private bool _isMemoryLent;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes
    {
        get
        {
            lock (this)
                return _unflushedBytes;
        }
    }

    /// <summary>Bytes that are flushed and that the socket has not accepted.</summary>
    internal long WaitingBytes
    {
        get
        {
            lock (this)
                return _waitingBytes;
        }
    }

    internal SocketAsyncEventArgs? SendArgs => _pendingSend;

    // Each delivery of a broadcast calls this method. So this method takes no lock and allocates nothing
    // (StressTests.Delivery_allocates_nothing). For the measured cost, see Tests/Benchmarks/README.md, "Broadcast".
    public bool TrySend(ReadOnlySpan<byte> bytes, out int sent)
    {
        sent = 0;
        if (_isCompleted || Volatile.Read(ref _isEnded))
            return false;
        // No lock is needed: only the writer adds waiting bytes, and the caller is the writer. So a stale value can only be too high.
        // A test of _isSending would be wrong here, because _isSending is false between two parts of the waiting bytes.
        if (Volatile.Read(ref _waitingBytes) > 0 || _unflushedBytes > 0)
            return true;
        var error = Send(bytes, out sent);
        if (error is SocketError.Success or SocketError.WouldBlock)
            return true;
        Fail(SocketPipe.CreateException(error));
        return false;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        lock (this)
        {
            if (_isCompleted)
                throw new InvalidOperationException("The writer is completed; it cannot write any more.");
            if (_unflushed.Last is not { } last || last.Free.Length < Math.Max(sizeHint, 1))
            {
                last = Block.Rent(Math.Max(sizeHint, _unflushed.IsEmpty ? SmallBlockBytes : LargeBlockBytes));
                _unflushed.Add(last);
            }

            _isMemoryLent = true;
            return last.Free;
        }
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        lock (this)
        {
            // If the connection has ended since GetMemory, another thread may have completed the writer. Then the bytes are dropped.
            if (!_isCompleted && bytes != 0)
            {
                if (_unflushed.Last is not { } last)
                    throw new InvalidOperationException("Call GetMemory or GetSpan before Advance.");
                last.Advance(bytes);
                _unflushedBytes += bytes;
            }

            _isMemoryLent = false;
        }
    }

    /// <summary>
    /// Sends the written bytes. If the peer is gone, no exception is thrown, and <see cref="FlushResult.IsCompleted"/> is true.
    /// </summary>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);

        Exception? fault;
        FlushResult result = default;
        var mustWait = false;
        short version = 0;
        lock (this)
        {
            fault = SendUnflushed();
            if (fault is null && !_isCanceled && !_isEnded && !_isCompleted && _waitingBytes >= PauseBytes)
            {
                _flush.Reset();
                version = _flush.Version;
                _cancellationToken = cancellationToken;
                mustWait = _isFlushing = true;
            }
            else
            {
                result = new FlushResult(_isCanceled, _isEnded || _isCompleted || fault is not null);
                _isCanceled = false;
            }
        }

        if (fault is not null)
            Fail(fault);
        if (!mustWait)
            return new(result);
        if (cancellationToken.CanBeCanceled)
            _cancellation = cancellationToken.UnsafeRegister(static (output, token) => ((SocketOutput)output!).CancelFlush(token), this);
        return new(this, version);
    }

    /// <summary>
    /// Sends directly from the caller's memory. If the socket does not accept all bytes, copies the other bytes in parts, so that no more
    /// than <see cref="PauseBytes"/> wait in this object.
    /// </summary>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        if (TrySend(source.Span, out var sent))
            source = source[sent..];
        if (source.Length + WaitingBytes > PauseBytes)
            return WriteInPartsAsync(source, cancellationToken);
        Append(source.Span);
        return FlushAsync(cancellationToken);
    }

    public override void CancelPendingFlush()
    {
        lock (this)
        {
            _isCanceled = true;
            if (!TryClaimWaitingFlush(asynchronously: true))
                return;
        }

        CompleteFlush();
    }

    /// <summary>Sends the remaining bytes and then shuts down the sending side. If there is an exception, aborts the connection instead.</summary>
    public override void Complete(Exception? exception = null)
    {
        Exception? fault = null;
        bool mustShutDown, mustComplete;
        lock (this)
        {
            if (_isCompleted)
                return;
            if (exception is null)
                fault = SendUnflushed();
            _isCompleted = true;
            DropUnflushed();
            mustShutDown = fault is null && !_isSending && !_isEnded;
            mustComplete = TryClaimWaitingFlush(asynchronously: true);
        }

        if (mustComplete)
            CompleteFlush();

        if (exception is not null)
            pipe.Abort(new ConnectionAbortedException("The writer failed.", exception));
        else if (fault is not null)
            Fail(fault);
        else if (mustShutDown)
            pipe.ShutdownSend();
    }

    /// <summary>Completes when no bytes are waiting: all bytes are sent, or the output has ended and has dropped the rest.</summary>
    public Task DrainAsync()
    {
        lock (this)
        {
            if (!_isSending)
                return Task.CompletedTask;
            _drained ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    /// <summary>Ends the output, from this side or after a fault. Drops the waiting bytes and completes a waiting flush.</summary>
    public void End()
    {
        bool mustComplete;
        lock (this)
        {
            Volatile.Write(ref _isEnded, true);
            // A send in progress still uses its block. When the send ends, FinishSend drops the waiting bytes.
            if (!_isSending)
                DropWaiting();
            mustComplete = TryClaimWaitingFlush(asynchronously: true);
        }

        if (mustComplete)
            CompleteFlush();
    }

    /// <summary>Releases the state of asynchronous sends. Call this method after the socket is closed.</summary>
    public void Dispose()
    {
        lock (this)
            _pendingSend?.Dispose();
    }

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token)
    {
        // Unregister does not wait for a running callback. A late CancelFlush does no harm: it cancels only a flush with the same token.
        _cancellation.Unregister();
        _cancellation = default;
        return _flush.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => _flush.GetStatus(token);

    void IValueTaskSource<FlushResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _flush.OnCompleted(continuation, state, token, flags);

    private async ValueTask<FlushResult> WriteInPartsAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        while (true)
        {
            var part = source[..(int)Math.Min(source.Length, Math.Max(PauseBytes - WaitingBytes, 1))];
            Append(part.Span);
            source = source[part.Length..];
            try
            {
                var result = await FlushAsync(cancellationToken);
                if (result.IsCanceled)
                    WriteWithoutWaiting(source.Span);
                if (source.IsEmpty || result.IsCompleted || result.IsCanceled)
                    return result;
            }
            catch (OperationCanceledException)
            {
                WriteWithoutWaiting(source.Span);
                throw;
            }
        }
    }

    // A cancelled write stops waiting, but all its bytes still count as written, as with any pipe.
    private void WriteWithoutWaiting(ReadOnlySpan<byte> rest)
    {
        Exception? fault;
        lock (this)
        {
            if (!_isCompleted)
                Append(rest);
            fault = SendUnflushed();
        }

        if (fault is not null)
            Fail(fault);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var free = GetSpan();
            var part = bytes[..Math.Min(bytes.Length, free.Length)];
            part.CopyTo(free);
            Advance(part.Length);
            bytes = bytes[part.Length..];
        }
    }

    private void CancelFlush(CancellationToken token)
    {
        lock (this)
        {
            if (!_isFlushing || _cancellationToken != token)
                return;
            _isFlushing = false;
            _flush.RunContinuationsAsynchronously = true;
        }

        _flush.SetException(new OperationCanceledException(token));
    }

    private SocketError Send(ReadOnlySpan<byte> bytes, out int sent)
    {
        try
        {
            if (NativeSocket.IsSupported)
                return NativeSocket.Send(_handle, bytes, out sent);
            sent = socket.Send(bytes, SocketFlags.None, out var error);
            return error;
        }
        catch (ObjectDisposedException)
        {
            sent = 0;
            return SocketError.OperationAborted;
        }
    }

    private void Fail(Exception fault)
    {
        End();
        pipe.OnOutputFailed(fault);
    }

    // Runs on a pool thread when an asynchronous send has ended.
    private void OnSendCompleted(int count, SocketError error)
    {
        Exception? fault;
        bool mustComplete, mustShutDown;
        lock (this)
        {
            Volatile.Write(ref _isSending, false);
            fault = FinishSend(count, error) ?? SendWaiting();
            mustShutDown = _isCompleted && !_isSending && !_isEnded && fault is null;
            mustComplete = TryClaimWaitingFlush(asynchronously: false);
        }

        if (fault is not null)
            Fail(fault);
        else if (mustShutDown)
            pipe.ShutdownSend();
        if (mustComplete)
            CompleteFlush();
    }

    // The caller of each method from here to TryClaimWaitingFlush holds the lock.

    // Returns an exception if the connection is lost. The caller passes the exception to Fail, outside the lock.
    private Exception? SendUnflushed()
    {
        if (_unflushedBytes == 0)
            return null;
        if (_isEnded)
        {
            DropUnflushed();
            return null;
        }

        // While a send is in progress, these bytes must wait until the earlier bytes are sent.
        while (!_isSending && _unflushed.First is { } first && _unflushedBytes > 0)
        {
            var part = first.Slice(_unflushed.Start);
            var error = Send(part, out var sent);
            if (error is not (SocketError.Success or SocketError.WouldBlock))
            {
                DropUnflushed();
                return SocketPipe.CreateException(error);
            }

            _unflushed.Consume(sent);
            _unflushedBytes -= sent;
            if (sent < part.Count)
                break;
        }

        if (_unflushedBytes == 0)
            return null;
        _waiting.MoveFrom(ref _unflushed);
        _waitingBytes += _unflushedBytes;
        _unflushedBytes = 0;
        return _isSending ? null : SendWaiting();
    }

    // Starts an asynchronous send of the waiting bytes. If all sends complete synchronously, no bytes wait when this method returns.
    private Exception? SendWaiting()
    {
        while (_waiting.First is { } first && !_isEnded)
        {
            _pendingSend ??= new PendingSend(this);
            var part = first.Slice(_waiting.Start, MaxSendBytes);
            _pendingSend.SetBuffer(part.Array, part.Offset, part.Count);
            try
            {
                Volatile.Write(ref _isSending, true);
                if (socket.SendAsync(_pendingSend))
                    return null;
                Volatile.Write(ref _isSending, false);
            }
            catch (ObjectDisposedException)
            {
                Volatile.Write(ref _isSending, false);
                return FinishSend(0, SocketError.OperationAborted);
            }

            if (FinishSend(_pendingSend.BytesTransferred, _pendingSend.SocketError) is { } fault)
                return fault;
        }

        _drained?.TrySetResult();
        _drained = null;
        return null;
    }

    private Exception? FinishSend(int count, SocketError error)
    {
        if (error == SocketError.Success && !_isEnded)
        {
            _waiting.Consume(count);
            _waitingBytes -= count;
            return null;
        }

        var wasEnded = _isEnded;
        Volatile.Write(ref _isEnded, true);
        DropWaiting();
        return wasEnded ? null : SocketPipe.CreateException(error);
    }

    private void DropWaiting()
    {
        _waiting.Clear();
        _waitingBytes = 0;
        _drained?.TrySetResult();
        _drained = null;
    }

    // While _isMemoryLent is true, the writer may still write into this memory. So the block must not return to the pool. The garbage
    // collector frees the block.
    private void DropUnflushed()
    {
        if (_isMemoryLent)
            _unflushed = default;
        else
            _unflushed.Clear();
        _unflushedBytes = 0;
    }

    // Returns true to only one caller for each flush. This caller must call CompleteFlush, outside the lock.
    private bool TryClaimWaitingFlush(bool asynchronously)
    {
        if (!_isFlushing || !(_isCanceled || _isEnded || _isCompleted || _waitingBytes <= ResumeBytes))
            return false;
        _isFlushing = false;
        _flush.RunContinuationsAsynchronously = asynchronously;
        return true;
    }

    // The caller does not hold the lock, and has claimed the flush with TryClaimWaitingFlush.
    private void CompleteFlush()
    {
        FlushResult result;
        lock (this)
        {
            result = new FlushResult(_isCanceled, _isEnded || _isCompleted);
            _isCanceled = false;
        }

        _flush.SetResult(result);
    }

    /// <summary>An asynchronous send that waits for the peer.</summary>
    private sealed class PendingSend(SocketOutput output) : SocketAsyncEventArgs(true)
    {
        protected override void OnCompleted(SocketAsyncEventArgs e) => output.OnSendCompleted(BytesTransferred, SocketError);
    }
}
