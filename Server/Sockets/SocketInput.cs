using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;

namespace RawSocketChat.Server.Sockets;

/// <summary>
/// What comes from the peer. While nothing does, the poller (elsewhere than on Linux: a receive of no bytes) waits for it and there is no buffer. Once something comes it
/// is taken: as much as a reader waits for, and while nobody reads only so much ahead that the peer's end behind it is noticed.
/// </summary>
internal sealed partial class SocketInput : PipeReader, IValueTaskSource<ReadResult>, IThreadPoolWorkItem, IDisposable
{
    /// <summary>Bytes that are taken while nobody reads; what comes beyond them fills TCP's window, so that the peer has to wait.</summary>
    internal const int ReadAheadBytes = 64 * 1024;

    // A chat's frames and a request's head fit into the small one; who fills it sends a body.
    private const int SmallBlock = 4 * 1024;
    private const int LargeBlock = 32 * 1024;

    // A receive into less would often be one of two.
    private const int LeastFree = 512;

    private readonly SocketPipe _pipe;
    private readonly Socket _socket;
    private readonly SafeSocketHandle _handle;
    private readonly Readiness? _readiness;
    private ManualResetValueTaskSourceCore<ReadResult> _read;
    private BlockChain _bytes;
    private long _place = -1;
    private long _consumedAt;
    private long _examinedAt;
    private long _receivedAt;
    private CancellationTokenRegistration _cancellation;
    private CancellationToken _cancellationToken;
    private Exception? _fault;
    private bool _filledLast;
    private bool _isArmed;
    private bool _isWaiting;
    private bool _isCanceled;
    private bool _hasEnded;
    private bool _endTold;
    private bool _isCompleted;

    /// <param name="pipe">What it belongs to, and tells of the end.</param>
    /// <param name="socket">Not blocking, unless it is polled.</param>
    /// <param name="isPolled">Whether <see cref="SocketPoller"/> tells when something has come.</param>
    public SocketInput(SocketPipe pipe, Socket socket, bool isPolled)
    {
        _pipe = pipe;
        _socket = socket;
        _handle = socket.SafeHandle;
        if (isPolled)
            return;
        _readiness = new Readiness(this);
        _readiness.SetBuffer([], 0, 0);
    }

    /// <summary>The peer has ended its side in order.</summary>
    public bool HasEnded
    {
        get
        {
            lock (this)
                return _hasEnded && _fault is null;
        }
    }

    /// <summary>Bytes that came and were not consumed.</summary>
    internal long BufferedBytes
    {
        get
        {
            lock (this)
                return _receivedAt - _consumedAt;
        }
    }

    /// <summary>Whether any memory is held for bytes.</summary>
    internal bool HasBuffer
    {
        get
        {
            lock (this)
                return !_bytes.IsEmpty;
        }
    }

    internal SocketAsyncEventArgs? Waiter => _readiness;

    /// <summary>Begins to wait for the peer.</summary>
    /// <exception cref="SocketException">The system watches no more sockets.</exception>
    public void Start()
    {
        bool tells;
        lock (this)
        {
            if (_readiness is null)
                _place = SocketPoller.Shared.Watch(_handle, this);
            Receive();
            tells = MustTellEnd();
        }

        if (tells)
            _pipe.InputEnded(_fault);
    }

    /// <summary>Ends it from this side: the socket is no more. The first end counts.</summary>
    public void End(Exception fault)
    {
        bool wakes;
        lock (this)
        {
            _endTold = true;
            EndBy(fault);
            wakes = TakeWaiting(asynchronously: true);
        }

        if (wakes)
            Wake();
    }

    /// <summary>To be called once the socket is closed.</summary>
    public void Dispose()
    {
        if (_readiness is not null)
            _readiness.Dispose();
        else if (Interlocked.Exchange(ref _place, -1) is >= 0 and var place)
            SocketPoller.Shared.Remove(place);
    }

    public override bool TryRead(out ReadResult result)
    {
        lock (this)
            return TryTake(out result);
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);

        var (result, isTaken, tells) = (default(ReadResult), false, false);
        short version = 0;
        lock (this)
        {
            if (!TryTake(out result))
            {
                _isWaiting = true;
                Receive();
                isTaken = TryTake(out result);
                _isWaiting = !isTaken;
                if (!isTaken)
                {
                    _read.Reset();
                    version = _read.Version;
                    _cancellationToken = cancellationToken;
                }

                tells = MustTellEnd();
            }
            else
            {
                isTaken = true;
            }
        }

        if (tells)
            _pipe.InputEnded(_fault);
        if (isTaken)
            return new(result);
        if (cancellationToken.CanBeCanceled)
            _cancellation = cancellationToken.UnsafeRegister(static (input, token) => ((SocketInput)input!).CancelRead(token), this);
        return new(this, version);
    }

    /// <summary>Ends a wait, or the next one, with a result that says so. What waits for the peer stays as it is.</summary>
    public override void CancelPendingRead()
    {
        lock (this)
        {
            _isCanceled = true;
            if (!TakeWaiting(asynchronously: true))
                return;
        }

        Wake();
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        bool wakes, tells;
        lock (this)
        {
            // A result without bytes has no block to stand in.
            if (_isCompleted || consumed.GetObject() is not Block last)
                return;
            var examinedAt = examined.GetObject() is Block block ? block.RunningIndex + examined.GetInteger() : _consumedAt;
            _consumedAt = last.RunningIndex + consumed.GetInteger();
            _examinedAt = Math.Max(Math.Max(_examinedAt, examinedAt), _consumedAt);
            _bytes.TakeUntil(last, consumed.GetInteger());
            Receive();
            wakes = TakeWaiting(asynchronously: true);
            tells = MustTellEnd();
        }

        if (tells)
            _pipe.InputEnded(_fault);
        if (wakes)
            Wake();
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        lock (this)
        {
            _isCompleted = true;
            _bytes.Clear();
            _consumedAt = _examinedAt = _receivedAt;
        }
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token)
    {
        // Not awaited: whoever is late to cancel finds that nobody waits by this token.
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
}
