using System.Diagnostics;
using System.Net.Sockets;

namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>Base class that receives bytes from a socket and passes them to the derived class.</summary>
/// <remarks>
/// The receive loop uses one <see cref="SocketAsyncEventArgs"/>, without a task and without allocations. Completions run on the runtime's
/// socket threads, one at a time for each connection. Code in the loop must not block: a socket thread that waits for data of one of its
/// own sockets would wait forever. So a listener sends its answers to the server on the thread pool.
/// </remarks>
internal abstract class SocketPump : IDisposable
{
    // The size of the receive buffer. It holds about twenty messages with 128 bytes of text, which arrive while the thread reads other connections.
    private const int ReceiveBytes = 8 * 1024;

    private readonly SocketSettings _settings;
    private readonly Socket _socket;
    private readonly SocketAsyncEventArgs _receiving = new(true); // suppresses the flow of the execution context
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<byte[]> _queued = new();
    private ITimer? _pause;
    private int _cutAfter = -1;
    private bool _hasEnded;

    protected SocketPump(SocketSettings settings)
    {
        _settings = settings;
        _socket = settings.CreateSocket();
        _receiving.SetBuffer(new byte[ReceiveBytes]);
        _receiving.RemoteEndPoint = settings.Server;
        _receiving.Completed += (_, _) => ReceiveLoop();
    }

    /// <summary>Completes when the connection has ended.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Connects, sends <paramref name="opening"/>, and starts to receive.</summary>
    /// <exception cref="FloodException">The server can't be reached.</exception>
    protected async Task ConnectAsync(ReadOnlyMemory<byte> opening, CancellationToken cancel)
    {
        try
        {
            await _socket.ConnectAsync(_settings.Server, cancel);
            _socket.Blocking = false;
            if (!opening.IsEmpty) await _socket.SendAsync(opening, cancel);
        }
        catch (SocketException e)
        {
            throw new FloodException($"{_settings.Server}: {e.Message}");
        }
        ThreadPool.UnsafeQueueUserWorkItem(static pump => pump.Receive(), this, preferLocal: false);
    }

    /// <summary>Connects and starts to receive. Blocks the calling thread.</summary>
    protected void ConnectBlocking()
    {
        try
        {
            _socket.Connect(_settings.Server);
            _socket.Blocking = false;
        }
        catch (SocketException e)
        {
            throw new FloodException($"{_settings.Server}: {e.Message}");
        }
        ThreadPool.UnsafeQueueUserWorkItem(static pump => pump.Receive(), this, preferLocal: false);
    }

    /// <summary>Processes received bytes. Calls <see cref="End"/> and returns false to stop receiving.</summary>
    protected abstract bool OnReceived(ReadOnlySpan<byte> bytes, long now);

    /// <summary>
    /// The connection has ended. Called once, while no other thread receives. <paramref name="why"/> is null after a cut.
    /// </summary>
    protected abstract void OnEnded(string? why);

    /// <summary>Ends the connection. Always returns false, so <see cref="OnReceived"/> can return the result.</summary>
    protected bool End(string? why)
    {
        if (_hasEnded) return false;
        _hasEnded = true;
        OnEnded(why);
        _ended.TrySetResult();
        return false;
    }

    /// <summary>
    /// Hold this lock while you encode and send, if messages must be sent in the order of encoding. <see cref="Send"/> takes this lock too.
    /// </summary>
    protected Lock SendLock { get; } = new();

    /// <summary>
    /// Sends bytes and never blocks, because a blocked thread would delay the schedule of all publishers. If the server does not read, the
    /// bytes wait in a queue. Returns false if the connection has ended.
    /// </summary>
    protected bool Send(ReadOnlySpan<byte> bytes)
    {
        lock (SendLock)
        {
            try
            {
                while (!bytes.IsEmpty && _queued.Count == 0)
                {
                    var sent = _socket.Send(bytes, SocketFlags.None, out var error);
                    if (error == SocketError.WouldBlock) break;
                    if (error != SocketError.Success) return false;
                    bytes = bytes[sent..];
                }
                if (bytes.IsEmpty) return true;
                _queued.Enqueue(bytes.ToArray());
                if (_queued.Count == 1) _ = Task.Run(SendQueuedAsync);
                return true;
            }
            catch (ObjectDisposedException)
            {
                return false; // the receive loop reports the reason
            }
        }
    }

    private async Task SendQueuedAsync()
    {
        try
        {
            while (true)
            {
                ReadOnlyMemory<byte> next;
                lock (SendLock) next = _queued.Peek();
                while (!next.IsEmpty) next = next[await _socket.SendAsync(next)..];
                lock (SendLock)
                {
                    _queued.Dequeue();
                    if (_queued.Count == 0) return;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Nothing to do: the receive loop fails too, and reports the reason.
        }
    }

    public void CutAfter(int bytes) => Volatile.Write(ref _cutAfter, bytes);

    /// <summary>Aborts the connection with a TCP reset.</summary>
    public void Cut()
    {
        try
        {
            _socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The connection has already ended.
        }
        _socket.Dispose();
    }

    /// <summary>Shuts down the sending side. The server may still send.</summary>
    protected void Shutdown()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The connection has already ended.
        }
    }

    public void Dispose()
    {
        _socket.Dispose(); // ends a pending receive
        _receiving.Dispose();
        _pause?.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Receive()
    {
        try
        {
            if (!_socket.ReceiveAsync(_receiving)) ReceiveLoop();
        }
        catch (ObjectDisposedException)
        {
            End(null);
        }
    }

    // Processes a completed receive and starts the next one. Repeats both steps while receives complete synchronously.
    private void ReceiveLoop()
    {
        try
        {
            while (ProcessReceived())
            {
                if (_settings.Pace is not null && _settings.Pace.ShouldPause())
                {
                    Pause();
                    return;
                }
                if (_socket.ReceiveAsync(_receiving)) return;
            }
        }
        catch (ObjectDisposedException)
        {
            End(null);
        }
    }

    private void Pause()
    {
        _pause?.Dispose();
        _pause = _settings.Pace!.StartSliceTimer(_ =>
        {
            if (_settings.Pace.ShouldPause()) Pause();
            else Receive();
        });
    }

    private bool ProcessReceived()
    {
        if (_receiving.SocketError == SocketError.OperationAborted) return End(null);
        if (_receiving.SocketError != SocketError.Success) return End(_receiving.SocketError.ToString());
        if (_receiving.BytesTransferred == 0) return End("the server closed the connection");
        var now = Stopwatch.GetTimestamp();
        var bytes = _receiving.MemoryBuffer.Span[.._receiving.BytesTransferred];
        return _cutAfter < 0 ? OnReceived(bytes, now) : ProcessUntilCut(bytes, now);
    }

    private bool ProcessUntilCut(ReadOnlySpan<byte> bytes, long now)
    {
        if (bytes.Length <= _cutAfter)
        {
            _cutAfter -= bytes.Length;
            return OnReceived(bytes, now);
        }
        if (!OnReceived(bytes[.._cutAfter], now)) return false;
        Cut();
        return End(null);
    }
}
