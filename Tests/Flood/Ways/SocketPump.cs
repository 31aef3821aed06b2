using System.Diagnostics;
using System.Net.Sockets;

namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>A socket whose bytes are pushed to whoever derives from it, as they come.</summary>
/// <remarks>
/// Its receive loop has no task and no allocation: one <see cref="SocketAsyncEventArgs"/>, whose completions run on the
/// runtime's socket threads, one after the other for one connection. Nothing in it may block (a socket thread that waits
/// for its own socket waits for ever): what answers the server there goes through the thread pool.
/// </remarks>
internal abstract class SocketPump : IDisposable
{
    // Holds what gathers while the other connections have their turn: twenty messages of 128 bytes' text with their frames.
    private const int ReceiveBytes = 8 * 1024;

    private readonly Wire _wire;
    private readonly Socket _socket;
    private readonly SocketAsyncEventArgs _receiving = new(true); // no execution context to carry along
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<byte[]> _waiting = new();
    private ITimer? _pause;
    private int _cutAfter = -1;
    private bool _isOver;

    protected SocketPump(Wire wire)
    {
        _wire = wire;
        _socket = wire.NewSocket();
        _receiving.SetBuffer(new byte[ReceiveBytes]);
        _receiving.RemoteEndPoint = wire.Server;
        _receiving.Completed += (_, _) => Pump();
    }

    /// <summary>Completed when nothing more will come.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Connects, and sends what opens the conversation; what answers it comes from now on.</summary>
    /// <exception cref="FloodException">The server is not there.</exception>
    protected async Task ConnectAsync(ReadOnlyMemory<byte> opening, CancellationToken cancel)
    {
        try
        {
            await _socket.ConnectAsync(_wire.Server, cancel);
            _socket.Blocking = false;
            if (!opening.IsEmpty) await _socket.SendAsync(opening, cancel);
        }
        catch (SocketException e)
        {
            throw new FloodException($"{_wire.Server}: {e.Message}");
        }
        ThreadPool.UnsafeQueueUserWorkItem(static pump => pump.Receive(), this, preferLocal: false);
    }

    /// <summary>The same, by a thread that may block.</summary>
    protected void ConnectNow()
    {
        try
        {
            _socket.Connect(_wire.Server);
            _socket.Blocking = false;
        }
        catch (SocketException e)
        {
            throw new FloodException($"{_wire.Server}: {e.Message}");
        }
        ThreadPool.UnsafeQueueUserWorkItem(static pump => pump.Receive(), this, preferLocal: false);
    }

    /// <summary>What came. False: nothing more is wanted, and <see cref="Over"/> was called.</summary>
    protected abstract bool Take(ReadOnlySpan<byte> bytes, long now);

    /// <summary>Called once, where no other thread receives; <paramref name="why"/> is null after a cut.</summary>
    protected abstract void OnOver(string? why);

    /// <summary>The line is over. Gives false, for who has nothing more to read.</summary>
    protected bool Over(string? why)
    {
        if (_isOver) return false;
        _isOver = true;
        OnOver(why);
        _ended.TrySetResult();
        return false;
    }

    /// <summary>Held by who writes something whose order counts; <see cref="Send"/> takes it, too.</summary>
    protected Lock Sending { get; } = new();

    /// <summary>
    /// Never blocks: what a server that does not read leaves no room for waits here, in its order, or one of them would hold up the
    /// schedule of all. False where the connection has ended.
    /// </summary>
    protected bool Send(ReadOnlySpan<byte> bytes)
    {
        lock (Sending)
        {
            try
            {
                while (!bytes.IsEmpty && _waiting.Count == 0)
                {
                    var sent = _socket.Send(bytes, SocketFlags.None, out var error);
                    if (error == SocketError.WouldBlock) break;
                    if (error != SocketError.Success) return false;
                    bytes = bytes[sent..];
                }
                if (bytes.IsEmpty) return true;
                _waiting.Enqueue(bytes.ToArray());
                if (_waiting.Count == 1) _ = Task.Run(SendWaitingAsync);
                return true;
            }
            catch (ObjectDisposedException)
            {
                return false; // the receiving side learns why, and tells
            }
        }
    }

    private async Task SendWaitingAsync()
    {
        try
        {
            while (true)
            {
                ReadOnlyMemory<byte> next;
                lock (Sending) next = _waiting.Peek();
                while (!next.IsEmpty) next = next[await _socket.SendAsync(next)..];
                lock (Sending)
                {
                    _waiting.Dequeue();
                    if (_waiting.Count == 0) return;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The receiving side learns why, and tells.
        }
    }

    public void CutAfter(int bytes) => Volatile.Write(ref _cutAfter, bytes);

    /// <summary>Tears the line: a reset, no end of the stream.</summary>
    public void Cut()
    {
        try
        {
            _socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is over already.
        }
        _socket.Dispose();
    }

    /// <summary>Ends our side; what the server still sends is read.</summary>
    protected void Shutdown()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is over already.
        }
    }

    public void Dispose()
    {
        _socket.Dispose(); // ends a receive that is still under way
        _receiving.Dispose();
        _pause?.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Receive()
    {
        try
        {
            if (!_socket.ReceiveAsync(_receiving)) Pump();
        }
        catch (ObjectDisposedException)
        {
            Over(null);
        }
    }

    // Completed receive, its bytes, the next receive, as long as they complete at once.
    private void Pump()
    {
        try
        {
            while (TakeReceived())
            {
                if (_wire.Pace is not null && _wire.Pace.StandsStill())
                {
                    Pause();
                    return;
                }
                if (_socket.ReceiveAsync(_receiving)) return;
            }
        }
        catch (ObjectDisposedException)
        {
            Over(null);
        }
    }

    private void Pause()
    {
        _pause?.Dispose();
        _pause = _wire.Pace!.After(_ =>
        {
            if (_wire.Pace.StandsStill()) Pause();
            else Receive();
        });
    }

    private bool TakeReceived()
    {
        if (_receiving.SocketError == SocketError.OperationAborted) return Over(null);
        if (_receiving.SocketError != SocketError.Success) return Over(_receiving.SocketError.ToString());
        if (_receiving.BytesTransferred == 0) return Over("the server hung up");
        var now = Stopwatch.GetTimestamp();
        var bytes = _receiving.MemoryBuffer.Span[.._receiving.BytesTransferred];
        return _cutAfter < 0 ? Take(bytes, now) : TakeTorn(bytes, now);
    }

    private bool TakeTorn(ReadOnlySpan<byte> bytes, long now)
    {
        if (bytes.Length <= _cutAfter)
        {
            _cutAfter -= bytes.Length;
            return Take(bytes, now);
        }
        if (!Take(bytes[.._cutAfter], now)) return false;
        Cut();
        return Over(null);
    }
}
