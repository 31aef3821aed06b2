using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Sockets;

/// <summary>
/// What goes to the peer. A flush tries one send at once; what the socket does not take waits here, bounded by making the
/// writer wait, and leaves as the peer reads. Nothing is copied that goes at once by <see cref="IDirectSend"/>.
/// </summary>
internal sealed partial class SocketOutput(SocketPipe pipe, Socket socket) : PipeWriter, IDirectSend, IValueTaskSource<FlushResult>, IDisposable
{
    /// <summary>Bytes that wait from which on a flush waits as well, as on Kestrel's own transport.</summary>
    internal const int PauseBytes = 64 * 1024;

    /// <summary>Bytes that wait at which the flush goes on.</summary>
    internal const int ResumeBytes = PauseBytes / 2;

    // A send under way ends only when all of it went: so the flush learns of it in steps.
    private const int SendBytes = 16 * 1024;

    private const int SmallBlock = 4 * 1024;
    private const int LargeBlock = 32 * 1024;

    private readonly SafeSocketHandle _handle = socket.SafeHandle;
    private ManualResetValueTaskSourceCore<FlushResult> _flush;
    private BlockChain _unflushed;
    private BlockChain _waiting;
    private Sending? _sending;
    private TaskCompletionSource? _drained;
    private CancellationTokenRegistration _cancellation;
    private CancellationToken _cancellationToken;
    private long _unflushedBytes;
    private long _waitingBytes;
    private bool _isSending;
    private bool _isFlushing;
    private bool _isCanceled;
    private bool _isCompleted;
    private bool _isGone;
    private bool _isLent;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes
    {
        get
        {
            lock (this)
                return _unflushedBytes;
        }
    }

    /// <summary>Bytes that were flushed and not taken by the socket.</summary>
    internal long WaitingBytes
    {
        get
        {
            lock (this)
                return _waitingBytes;
        }
    }

    internal SocketAsyncEventArgs? Waiter => _sending;

    public bool TrySend(ReadOnlySpan<byte> bytes, out int sent)
    {
        sent = 0;
        if (_isCompleted || Volatile.Read(ref _isGone))
            return false;
        // Only this writer lets something wait, so a look without the gate can be wrong only in that nothing waits any more. Whether
        // a send is under way would not do: between two parts of what waits none is.
        if (Volatile.Read(ref _waitingBytes) > 0 || _unflushedBytes > 0)
            return true;
        var error = Send(bytes, out sent);
        if (error is SocketError.Success or SocketError.WouldBlock)
            return true;
        Fail(SocketPipe.FaultOf(error));
        return false;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        lock (this)
        {
            if (_isCompleted)
                throw new InvalidOperationException("Writing is over: the writer was completed.");
            if (_unflushed.Last is not { } last || last.Free.Length < Math.Max(sizeHint, 1))
            {
                last = Block.Rent(Math.Max(sizeHint, _unflushed.IsEmpty ? SmallBlock : LargeBlock));
                _unflushed.Add(last);
            }

            _isLent = true;
            return last.Free;
        }
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        lock (this)
        {
            _isLent = false;
            // Completed meanwhile, by the connection's end.
            if (_isCompleted || bytes == 0)
                return;
            if (_unflushed.Last is not { } last)
                throw new InvalidOperationException("There is no memory to advance in.");
            last.Advance(bytes);
            _unflushedBytes += bytes;
        }
    }

    /// <summary>Sends what was written. Never throws for a peer that is gone: that is a completed result.</summary>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);

        Exception? fault;
        FlushResult result = default;
        var waits = false;
        short version = 0;
        lock (this)
        {
            fault = SendUnflushed();
            if (fault is null && !_isCanceled && !_isGone && !_isCompleted && _waitingBytes >= PauseBytes)
            {
                waits = _isFlushing = true;
                _flush.Reset();
                version = _flush.Version;
                _cancellationToken = cancellationToken;
            }
            else
            {
                result = new FlushResult(_isCanceled, _isGone || _isCompleted || fault is not null);
                _isCanceled = false;
            }
        }

        if (fault is not null)
            Fail(fault);
        if (!waits)
            return new(result);
        if (cancellationToken.CanBeCanceled)
            _cancellation = cancellationToken.UnsafeRegister(static (output, token) => ((SocketOutput)output!).CancelFlush(token), this);
        return new(this, version);
    }

    /// <summary>Sends from the caller's own memory, and copies no more of the rest at a time than may wait here.</summary>
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
            if (!TakeFlushing(asynchronously: true))
                return;
        }

        Wake();
    }

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token)
    {
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
                    Push(source.Span);
                if (source.IsEmpty || result.IsCompleted || result.IsCanceled)
                    return result;
            }
            catch (OperationCanceledException)
            {
                Push(source.Span);
                throw;
            }
        }
    }

    // Who waits no longer has given all of it all the same, as to any pipe.
    private void Push(ReadOnlySpan<byte> rest)
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
}
