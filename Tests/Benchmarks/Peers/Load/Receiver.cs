using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using HdrHistogram;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;

namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>
/// One thread that reads every connection and counts what arrives. With a thousand subscribers that is a hundred thousand deliveries a second on a machine that it
/// shares with the server: so there is no task, no allocation and no parsing for any of them.
/// </summary>
internal sealed class Receiver : IDisposable
{
    private const int BufferBytes = 1 << 20;
    private const int ReadyAtOnce = 512;
    private const long HighestMicroseconds = 60_000_000;

    private readonly Wire _wire;
    private readonly Line?[] _lines;
    private readonly Epoll _epoll = new(ReadyAtOnce);
    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly long[] _dueAt = new long[Stamp.Most];
    private readonly ManualResetEventSlim _reached = new();
    private readonly Thread _thread;
    private int _added;
    private int _first;
    private long _delivered;
    private long _repeated;
    private long _target = long.MaxValue;
    private int _closed;
    private volatile bool _isOver;
    private volatile LongHistogram? _latency;
    private volatile string? _complaint;

    public Receiver(Wire wire, int most)
    {
        _wire = wire;
        _lines = new Line?[most];
        _thread = new Thread(Run) { IsBackground = true, Name = "receiver" };
        _thread.Start();
    }

    /// <summary>Deliveries since <see cref="Begin"/>.</summary>
    public long Delivered => Volatile.Read(ref _delivered);

    /// <summary>Of these numbers some had come already, or later ones had.</summary>
    public long Repeated => Volatile.Read(ref _repeated);

    /// <summary>Connections that the peer has ended.</summary>
    public int Closed => Volatile.Read(ref _closed);

    /// <summary>The first thing that a peer said that is no delivery and no good sign.</summary>
    public string? Complaint => _complaint;

    /// <summary>Reads this connection from now on. Any thread.</summary>
    public void Add(Line line)
    {
        var token = Interlocked.Increment(ref _added) - 1;
        Volatile.Write(ref _lines[token], line);
        _epoll.Add(line.Socket, token);
    }

    /// <summary>Counts anew, from message <paramref name="first"/> on; what still comes of earlier ones is none of it.</summary>
    public void Begin(int first, bool withLatency)
    {
        Volatile.Write(ref _first, first);
        Volatile.Write(ref _delivered, 0);
        Volatile.Write(ref _repeated, 0);
        _latency = withLatency ? new LongHistogram(HighestMicroseconds, 3) : null;
    }

    /// <summary>Microseconds from when a message was due until a subscriber had it. Once all have arrived.</summary>
    public LongHistogram Latency => _latency ?? throw new InvalidOperationException("latency was not asked for");

    public void Due(int number, long ticks) => Volatile.Write(ref _dueAt[number], ticks);

    /// <summary>Waits until so many deliveries have come since <see cref="Begin"/>.</summary>
    /// <returns>False where nothing came for as long as <paramref name="patience"/>.</returns>
    public bool Wait(long deliveries, TimeSpan patience, CancellationToken cancel)
    {
        Volatile.Write(ref _target, deliveries);
        var (before, since) = (-1L, 0L);
        while (Delivered is var now && now < deliveries)
        {
            if (now != before)
                (before, since) = (now, Stopwatch.GetTimestamp());
            var left = patience - Stopwatch.GetElapsedTime(since);
            if (left <= TimeSpan.Zero || Closed == Volatile.Read(ref _added))
                return false;
            if (_reached.Wait(left, cancel))
                _reached.Reset();
        }

        return true;
    }

    public void Dispose()
    {
        _isOver = true;
        _thread.Join();
        _epoll.Dispose();
        _reached.Dispose();
    }

    private void Run()
    {
        var ready = new int[ReadyAtOnce];
        while (!_isOver)
        {
            var count = _epoll.Wait(ready, milliseconds: 100);
            foreach (var token in ready.AsSpan(0, count))
                Read(Volatile.Read(ref _lines[token])!);
            if (Delivered >= Volatile.Read(ref _target) && !_reached.IsSet)
                _reached.Set();
        }
    }

    private void Read(Line line)
    {
        var kept = line.Rest.Length;
        line.Rest.CopyTo(_buffer);
        var received = line.Socket.Receive(_buffer.AsSpan(kept), SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
            return;
        if (received == 0)
        {
            End(line);
            return;
        }

        var now = Stopwatch.GetTimestamp();
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(0, kept + received);
        if (line.SpeaksHttp)
        {
            TakeResponses(bytes);
            return;
        }

        while (line.Walk.TryNext(ref bytes, out var kind, out var payload))
        {
            if (kind == FrameKind.Text)
                Take(line, payload, now);
            else if (kind == FrameKind.Ping)
                line.Send(Wire.Frame(Opcode.Pong, payload));
            else if (kind == FrameKind.Close)
                _complaint ??= $"closed: {Encoding.UTF8.GetString(payload.Length > 2 ? payload[2..] : [])}";
        }

        line.Keep(bytes);
    }

    private void Take(Line line, ReadOnlySpan<byte> payload, long now)
    {
        var rest = payload;
        var isDelivery = false;
        while (Stamp.Next(ref rest) is >= 0 and var number)
        {
            isDelivery = true;
            Arrived(line, number, now);
        }

        if (isDelivery)
            return;
        if (_wire.Answer(payload) is { } answer)
            line.Send(Wire.Frame(answer));
        else if (_wire.IsComplaint(payload))
            _complaint ??= Encoding.UTF8.GetString(payload);
    }

    private void Arrived(Line line, int number, long now)
    {
        if (number < line.Next)
        {
            Volatile.Write(ref _repeated, _repeated + 1);
            return;
        }

        line.Next = number + 1;
        if (number < _first || number >= Stamp.Most)
            return;
        Volatile.Write(ref _delivered, _delivered + 1);
        _latency?.RecordValue(Math.Clamp((now - Volatile.Read(ref _dueAt[number])) / 1000, 0, HighestMicroseconds));
    }

    // The answers to what was posted: only a refusal is of interest.
    private void TakeResponses(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IndexOf("HTTP/1.1 4"u8) >= 0 || bytes.IndexOf("HTTP/1.1 5"u8) >= 0)
            _complaint ??= Encoding.ASCII.GetString(bytes[..Math.Min(200, bytes.Length)]).ReplaceLineEndings(" ");
    }

    private void End(Line line)
    {
        _epoll.Remove(line.Socket);
        Volatile.Write(ref _closed, _closed + 1);
    }
}
