using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;

namespace RawSocketChat.Server.Sockets;

/// <summary>
/// The pipe reader over a connection's socket. While no bytes come, the input waits without a buffer: on Linux with
/// <see cref="SocketPoller"/>, on other systems with a receive of zero bytes. Between reads, the input receives about
/// <see cref="ReadAheadBytes"/> in advance and then stops. So the input can detect the end of the peer's stream even if no read is pending.
/// <para>
/// Threads: one reader at a time, as for any <see cref="PipeReader"/>. Any thread may cancel a read, call <see cref="End"/>, or report
/// new bytes. The lock on this object guards all state. Calls to the pipe and completions of a read happen outside the lock.
/// </para>
/// </summary>
internal sealed class SocketInput : PipeReader, IValueTaskSource<ReadResult>, IThreadPoolWorkItem, IDisposable
{
    /// <summary>
    /// While no read is pending, the input stops receiving when this many bytes are unconsumed. Further bytes fill the TCP window, so the
    /// peer must wait (back-pressure).
    /// </summary>
    internal const int ReadAheadBytes = 64 * 1024;

    // A chat frame or the head of a request fits into a small block. If a receive fills the block, a longer body is likely, so the next
    // block is large.
    private const int SmallBlockBytes = 4 * 1024;
    private const int LargeBlockBytes = 32 * 1024;

    // If the last block has less free memory than this, use a new block. A receive into so little memory would often need a second receive.
    private const int MinFreeBytes = 512;

    private readonly SocketPipe _pipe;
    private readonly Socket _socket;
    private readonly SafeSocketHandle _handle;

    // Null if SocketPoller waits for this socket.
    private readonly ZeroByteReceive? _zeroByteReceive;
    private ManualResetValueTaskSourceCore<ReadResult> _read;
    private BlockChain _bytes;
    private long _pollerKey = -1;

    // Offsets in the stream of received bytes.
    private long _consumedOffset;
    private long _examinedOffset;
    private long _receivedOffset;
    private CancellationTokenRegistration _cancellation;
    private CancellationToken _cancellationToken;
    private Exception? _fault;
    private bool _lastReceiveFilledBlock;

    // True while the input waits for a report of new bytes from the poller or the zero-byte receive.
    private bool _isArmed;

    // True while a read is pending.
    private bool _isWaiting;
    private bool _isCanceled;
    private bool _hasEnded;
    private bool _isEndNotified;
    private bool _isCompleted;

    /// <param name="pipe">The owner. The input calls the owner when the connection ends.</param>
    /// <param name="socket">Must be non-blocking, unless <paramref name="isPolled"/> is true.</param>
    /// <param name="isPolled">Whether <see cref="SocketPoller"/> waits for the socket.</param>
    public SocketInput(SocketPipe pipe, Socket socket, bool isPolled)
    {
        _pipe = pipe;
        _socket = socket;
        _handle = socket.SafeHandle;
        if (isPolled)
            return;
        _zeroByteReceive = new ZeroByteReceive(this);
        _zeroByteReceive.SetBuffer([], 0, 0);
    }

    /// <summary>True if the input has ended without an error: the peer has shut down its sending side.</summary>
    public bool HasEnded
    {
        get
        {
            lock (this)
                return _hasEnded && _fault is null;
        }
    }

    /// <summary>Bytes that are received and not consumed.</summary>
    internal long BufferedBytes
    {
        get
        {
            lock (this)
                return _receivedOffset - _consumedOffset;
        }
    }

    /// <summary>True if the input holds memory for bytes.</summary>
    internal bool HasBuffer
    {
        get
        {
            lock (this)
                return !_bytes.IsEmpty;
        }
    }

    internal SocketAsyncEventArgs? ReceiveArgs => _zeroByteReceive;

    /// <summary>Starts to wait for bytes of the peer.</summary>
    /// <exception cref="SocketException">The system cannot watch more sockets.</exception>
    public void Start()
    {
        bool mustNotify;
        lock (this)
        {
            if (_zeroByteReceive is null)
                _pollerKey = SocketPoller.Shared.Watch(_handle, this);
            ReceiveAvailable();
            mustNotify = TryClaimEndNotification();
        }

        if (mustNotify)
            _pipe.OnInputEnded(_fault);
    }

    /// <summary>
    /// Ends the input from this side with a fault. If the input has already ended, the reader gets the earlier result instead of this
    /// fault.
    /// </summary>
    public void End(Exception fault) => End(fault, replacesOrderlyEnd: false);

    /// <summary>Ends the input because the connection was reset. The fault also replaces an earlier end without an error.</summary>
    public void EndByReset(Exception fault) => End(fault, replacesOrderlyEnd: true);

    private void End(Exception fault, bool replacesOrderlyEnd)
    {
        bool mustComplete;
        lock (this)
        {
            _isEndNotified = true;
            MarkEnded(fault);
            if (replacesOrderlyEnd)
                _fault ??= fault;
            mustComplete = TryClaimWaitingRead(asynchronously: true);
        }

        if (mustComplete)
            CompleteRead();
    }

    /// <summary>Stops watching the socket. Call this method after the socket is closed.</summary>
    public void Dispose()
    {
        if (_zeroByteReceive is not null)
            _zeroByteReceive.Dispose();
        else if (Interlocked.Exchange(ref _pollerKey, -1) is >= 0 and var key)
            SocketPoller.Shared.Remove(key);
    }

    public override bool TryRead(out ReadResult result)
    {
        bool hasResult;
        Exception? fault;
        lock (this)
            hasResult = TryTakeResult(out result, out fault);
        if (fault is not null)
            ExceptionDispatchInfo.Throw(fault);
        return hasResult;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);

        ReadResult result;
        Exception? fault;
        bool hasResult, mustNotify;
        short version = 0;
        lock (this)
        {
            hasResult = TryTakeResult(out result, out fault);
            if (!hasResult)
            {
                ReceiveAvailable(isReading: true);
                hasResult = TryTakeResult(out result, out fault);
            }

            mustNotify = TryClaimEndNotification();
            // Set this state last. A read that ends here, with a result or an exception, must not count as pending. Otherwise a later event
            // would complete the finished read again.
            if (!hasResult)
            {
                _read.Reset();
                version = _read.Version;
                _cancellationToken = cancellationToken;
                _isWaiting = true;
            }
        }

        if (mustNotify)
            _pipe.OnInputEnded(_fault);
        if (fault is not null)
            return ValueTask.FromException<ReadResult>(fault);
        if (hasResult)
            return new(result);
        if (cancellationToken.CanBeCanceled)
            _cancellation = cancellationToken.UnsafeRegister(static (input, token) => ((SocketInput)input!).CancelRead(token), this);
        return new(this, version);
    }

    /// <summary>
    /// Completes the pending read with a canceled result. If no read is pending, the next read gets this result. The input continues to wait
    /// for the peer.
    /// </summary>
    public override void CancelPendingRead()
    {
        lock (this)
        {
            _isCanceled = true;
            if (!TryClaimWaitingRead(asynchronously: true))
                return;
        }

        CompleteRead();
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        bool mustComplete, mustNotify;
        lock (this)
        {
            // The positions of an empty result refer to no block, so there are no bytes to consume.
            if (_isCompleted || consumed.GetObject() is not Block last)
                return;
            var examinedOffset = examined.GetObject() is Block block ? block.RunningIndex + examined.GetInteger() : _consumedOffset;
            _consumedOffset = last.RunningIndex + consumed.GetInteger();
            _examinedOffset = Math.Max(Math.Max(_examinedOffset, examinedOffset), _consumedOffset);
            _bytes.ConsumeUntil(last, consumed.GetInteger());
            ReceiveAvailable();
            mustComplete = TryClaimWaitingRead(asynchronously: true);
            mustNotify = TryClaimEndNotification();
        }

        if (mustNotify)
            _pipe.OnInputEnded(_fault);
        if (mustComplete)
            CompleteRead();
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        lock (this)
        {
            _isCompleted = true;
            _bytes.Clear();
            _consumedOffset = _examinedOffset = _receivedOffset;
        }
    }

    // The poller queues this work item to the thread pool when there are new bytes, when the peer has ended the stream, or after an error.
    void IThreadPoolWorkItem.Execute() => OnReady(SocketError.Success);

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token)
    {
        // Unregister does not wait for a running callback. A late CancelRead does no harm: it cancels only a read with the same token.
        _cancellation.Unregister();
        _cancellation = default;
        return _read.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags);

    private void CancelRead(CancellationToken token)
    {
        lock (this)
        {
            if (!_isWaiting || _cancellationToken != token)
                return;
            _isWaiting = false;
            _read.RunContinuationsAsynchronously = true;
        }

        _read.SetException(new OperationCanceledException(token));
    }

    // Runs on a pool thread.
    private void OnReady(SocketError error)
    {
        bool mustComplete, mustNotify;
        lock (this)
        {
            // If _isArmed is false, the input has enough bytes, or has already handled this report. New bytes stay in the socket until the
            // input receives again.
            if (!_isArmed)
                return;
            _isArmed = false;
            if (error != SocketError.Success)
                MarkEnded(SocketPipe.CreateException(error));
            else if (_zeroByteReceive is not null && WantsMore(isReading: false))
                ReceiveOnce();
            ReceiveAvailable();
            mustComplete = TryClaimWaitingRead(asynchronously: false);
            mustNotify = TryClaimEndNotification();
        }

        if (mustNotify)
            _pipe.OnInputEnded(_fault);
        if (mustComplete)
            CompleteRead();
    }

    // The caller of each method from here to TryClaimWaitingRead holds the lock.

    private bool WantsMore(bool isReading) =>
        !_hasEnded && !_isCompleted && (_receivedOffset - _consumedOffset < ReadAheadBytes || ((isReading || _isWaiting) && _receivedOffset == _examinedOffset));

    // Receives the available bytes. Returns when the input needs no more bytes, or when it waits until the socket has more (_isArmed).
    // isReading: a read has begun and is not pending yet.
    private void ReceiveAvailable(bool isReading = false)
    {
        while (WantsMore(isReading) && !_isArmed)
        {
            if (_zeroByteReceive is null)
            {
                ReceiveOnce();
                continue;
            }

            try
            {
                _isArmed = _socket.ReceiveAsync(_zeroByteReceive);
            }
            catch (ObjectDisposedException)
            {
                MarkEnded(SocketPipe.CreateException(SocketError.OperationAborted));
                return;
            }

            if (_isArmed)
                return;
            if (_zeroByteReceive.SocketError != SocketError.Success)
                MarkEnded(SocketPipe.CreateException(_zeroByteReceive.SocketError));
            else
                ReceiveOnce();
        }
    }

    private void ReceiveOnce()
    {
        var block = _bytes.Last is { } last && last.Free.Length >= MinFreeBytes ? last : Block.Rent(_lastReceiveFilledBlock ? LargeBlockBytes : SmallBlockBytes, _receivedOffset);
        var isNew = !ReferenceEquals(block, _bytes.Last);
        var (received, error) = (0, SocketError.OperationAborted);
        try
        {
            if (_zeroByteReceive is null)
                error = NativeSocket.Receive(_handle, block.Free.Span, out received);
            else
                received = _socket.Receive(block.Free.Span, SocketFlags.None, out error);
        }
        catch (ObjectDisposedException)
        {
            // The socket is closed. Keep OperationAborted, the error that a pending receive gets.
        }

        if (received > 0)
        {
            _lastReceiveFilledBlock = received == block.Free.Length;
            block.Advance(received);
            _receivedOffset += received;
            if (isNew)
                _bytes.Add(block);
            return;
        }

        if (isNew)
            block.Return();
        if (error == SocketError.WouldBlock)
            // The poller is edge-triggered: it reports only bytes that come after this call.
            _isArmed |= _zeroByteReceive is null;
        else
            MarkEnded(error == SocketError.Success ? null : SocketPipe.CreateException(error));
    }

    private void MarkEnded(Exception? fault)
    {
        // Keep the first result. If the peer has ended the stream without an error, the reader gets all bytes of the peer, even if
        // something fails later.
        if (!_hasEnded)
            _fault = fault;
        _hasEnded = true;
    }

    // Returns true to only one caller. This caller must report the end to the pipe, outside the lock.
    private bool TryClaimEndNotification()
    {
        var mustNotify = _hasEnded && !_isEndNotified;
        _isEndNotified |= _hasEnded;
        return mustNotify;
    }

    // Returns true if a read can end now, with the result or with the fault. Does not throw the fault, because the callers must first finish
    // the change of their state.
    private bool TryTakeResult(out ReadResult result, out Exception? fault)
    {
        result = default;
        fault = _isCompleted ? new InvalidOperationException("The reader is completed; it cannot read any more.") : _isCanceled ? null : _fault;
        if (fault is not null)
            return true;
        if (!_isCanceled && !_hasEnded && _receivedOffset == _examinedOffset)
            return false;
        result = new ReadResult(GetUnconsumed(), _isCanceled, isCompleted: _hasEnded);
        _isCanceled = false;
        return true;
    }

    private ReadOnlySequence<byte> GetUnconsumed() =>
        _bytes is { First: { } first, Last: { } last } ? new(first, _bytes.Start, last, last.Length) : default;

    // Returns true to only one caller for each read. This caller must call CompleteRead, outside the lock.
    private bool TryClaimWaitingRead(bool asynchronously)
    {
        if (!_isWaiting || !(_isCanceled || _hasEnded || _receivedOffset > _examinedOffset))
            return false;
        _isWaiting = false;
        _read.RunContinuationsAsynchronously = asynchronously;
        return true;
    }

    // The caller does not hold the lock, and has claimed the read with TryClaimWaitingRead.
    private void CompleteRead()
    {
        ReadResult result;
        Exception? fault;
        lock (this)
            TryTakeResult(out result, out fault);
        if (fault is not null)
            _read.SetException(fault);
        else
            _read.SetResult(result);
    }

    /// <summary>A pending receive of zero bytes. The receive completes when bytes have come. Until then it needs no buffer.</summary>
    private sealed class ZeroByteReceive(SocketInput input) : SocketAsyncEventArgs(true)
    {
        protected override void OnCompleted(SocketAsyncEventArgs e) => input.OnReady(SocketError);
    }
}
