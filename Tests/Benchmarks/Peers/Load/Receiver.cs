using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using HdrHistogram;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;

namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>
/// Reads all connections on one thread, and counts the deliveries. With 1,000 subscribers and 100 messages per second, 100,000 deliveries
/// arrive per second. The receiver shares the machine with the server. So the receiver handles a delivery without a task, an allocation or
/// parsing.
/// </summary>
internal sealed class Receiver : IDisposable
{
    private const int BufferBytes = 1 << 20;
    private const int ReadyAtOnce = 512;
    private const long HighestMicroseconds = 60_000_000;

    private readonly Wire _wire;
    private readonly LoadConnection?[] _connections;
    private readonly Epoll _epoll = new(ReadyAtOnce);
    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly long[] _dueAt = new long[MessageNumber.Limit];
    private readonly ManualResetEventSlim _reached = new();
    private readonly Thread _thread;
    private int _added;
    private int _first;
    private long _delivered;
    private long _repeated;
    private long _target = long.MaxValue;
    private int _closed;
    private volatile bool _isDisposed;
    private volatile LongHistogram? _latency;
    private volatile string? _error;

    public Receiver(Wire wire, int maxConnections)
    {
        _wire = wire;
        _connections = new LoadConnection?[maxConnections];
        _thread = new Thread(Run) { IsBackground = true, Name = "receiver" };
        _thread.Start();
    }

    /// <summary>The number of deliveries since <see cref="Reset"/>.</summary>
    public long Delivered => Volatile.Read(ref _delivered);

    /// <summary>The number of deliveries of a message that the subscriber received for the second time, or after a later message.</summary>
    public long Repeated => Volatile.Read(ref _repeated);

    /// <summary>The number of connections that the peer has closed.</summary>
    public int Closed => Volatile.Read(ref _closed);

    /// <summary>The first error that the peer reported, or null.</summary>
    public string? Error => _error;

    /// <summary>Starts to read a connection. Any thread may call this method.</summary>
    public void Add(LoadConnection connection)
    {
        var token = Interlocked.Increment(ref _added) - 1;
        Volatile.Write(ref _connections[token], connection);
        _epoll.Add(connection.Socket, token);
    }

    /// <summary>Resets the counters. From now on, counts only messages with a number of at least <paramref name="first"/>.</summary>
    public void Reset(int first, bool withLatency)
    {
        Volatile.Write(ref _first, first);
        Volatile.Write(ref _delivered, 0);
        Volatile.Write(ref _repeated, 0);
        _latency = withLatency ? new LongHistogram(HighestMicroseconds, 3) : null;
    }

    /// <summary>
    /// The latencies in microseconds, from the scheduled time of a message until a subscriber received the message. Read this histogram
    /// only after the last delivery.
    /// </summary>
    public LongHistogram Latency => _latency ?? throw new InvalidOperationException("Reset was called without withLatency");

    public void SetDueTime(int number, long ticks) => Volatile.Write(ref _dueAt[number], ticks);

    /// <summary>Waits until the number of deliveries since <see cref="Reset"/> is at least <paramref name="deliveries"/>.</summary>
    /// <returns>False if no delivery arrived within <paramref name="timeout"/>, or if the peer has closed all connections.</returns>
    public bool Wait(long deliveries, TimeSpan timeout, CancellationToken cancel)
    {
        Volatile.Write(ref _target, deliveries);
        var (before, since) = (-1L, 0L);
        while (Delivered is var now && now < deliveries)
        {
            if (now != before)
                (before, since) = (now, Stopwatch.GetTimestamp());
            var left = timeout - Stopwatch.GetElapsedTime(since);
            if (left <= TimeSpan.Zero || Closed == Volatile.Read(ref _added))
                return false;
            if (_reached.Wait(left, cancel))
                _reached.Reset();
        }

        return true;
    }

    public void Dispose()
    {
        _isDisposed = true;
        _thread.Join();
        _epoll.Dispose();
        _reached.Dispose();
    }

    private void Run()
    {
        var ready = new int[ReadyAtOnce];
        while (!_isDisposed)
        {
            var count = _epoll.Wait(ready, milliseconds: 100);
            foreach (var token in ready.AsSpan(0, count))
                Read(Volatile.Read(ref _connections[token])!);
            if (Delivered >= Volatile.Read(ref _target) && !_reached.IsSet)
                _reached.Set();
        }
    }

    private void Read(LoadConnection connection)
    {
        var remainder = connection.Remainder.Length;
        connection.Remainder.CopyTo(_buffer);
        var received = connection.Socket.Receive(_buffer.AsSpan(remainder), SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
            return;
        if (received == 0)
        {
            Remove(connection);
            return;
        }

        var now = Stopwatch.GetTimestamp();
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(0, remainder + received);
        if (connection.IsHttp)
        {
            CheckResponses(bytes);
            return;
        }

        while (connection.Frames.TryRead(ref bytes, out var kind, out var payload))
        {
            if (kind == FrameKind.Text)
                ReceiveMessage(connection, payload, now);
            else if (kind == FrameKind.Ping)
                connection.Send(Wire.EncodeFrame(Opcode.Pong, payload));
            else if (kind == FrameKind.Close)
                _error ??= $"closed: {Encoding.UTF8.GetString(payload.Length > 2 ? payload[2..] : [])}";
        }

        connection.SaveRemainder(bytes);
    }

    private void ReceiveMessage(LoadConnection connection, ReadOnlySpan<byte> payload, long now)
    {
        var rest = payload;
        var isDelivery = false;
        while (MessageNumber.FindNext(ref rest) is >= 0 and var number)
        {
            isDelivery = true;
            CountDelivery(connection, number, now);
        }

        if (isDelivery)
            return;
        if (_wire.GetAnswer(payload) is { } answer)
            connection.Send(Wire.EncodeFrame(answer));
        else if (_wire.IsError(payload))
            _error ??= Encoding.UTF8.GetString(payload);
    }

    private void CountDelivery(LoadConnection connection, int number, long now)
    {
        if (number < connection.NextNumber)
        {
            Volatile.Write(ref _repeated, _repeated + 1);
            return;
        }

        connection.NextNumber = number + 1;
        if (number < _first || number >= MessageNumber.Limit)
            return;
        Volatile.Write(ref _delivered, _delivered + 1);
        _latency?.RecordValue(Math.Clamp((now - Volatile.Read(ref _dueAt[number])) / 1000, 0, HighestMicroseconds));
    }

    // Checks the responses to publishing requests for errors.
    private void CheckResponses(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IndexOf("HTTP/1.1 4"u8) >= 0 || bytes.IndexOf("HTTP/1.1 5"u8) >= 0)
            _error ??= Encoding.ASCII.GetString(bytes[..Math.Min(200, bytes.Length)]).ReplaceLineEndings(" ");
    }

    private void Remove(LoadConnection connection)
    {
        _epoll.Remove(connection.Socket);
        Volatile.Write(ref _closed, _closed + 1);
    }
}
