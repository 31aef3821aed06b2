using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Benchmarks.Crowd;

/// <summary>A WebSocket client in a room. It checks that every message arrives once and in order.</summary>
internal sealed class Member(int port, string name, string room) : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly WebSocketProtocol _protocol = new(WebSocketRole.Client, 8 * 1024 * 1024);
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _buffer = new byte[4096];
    private bool _isCreator;
    private long _acks;

    /// <summary>
    /// The last received sequence number (<c>seq</c>). Before the first message, this is the cursor sent with <c>join</c>. Without a cursor
    /// it is -1 until <c>joined</c> arrives, and then the <c>seq</c> of <c>joined</c>.
    /// </summary>
    public long LastSeq { get; private set; } = -1;

    /// <summary>
    /// The number of faults: messages whose sequence number does not follow the last one, and the frames <c>gap</c> and <c>bye</c>. Several missing
    /// messages in a row are one fault.
    /// </summary>
    public long Faults { get; private set; }

    public long Acks => Volatile.Read(ref _acks);

    /// <summary>Called with the latency of each message, in Stopwatch ticks.</summary>
    public Action<long>? OnLatency { get; set; }

    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <param name="after">The cursor, or -1 for none.</param>
    public Task JoinAsync(long after = -1) => ConnectAsync(after, after < 0 ? JoinFrame : $$"""{"type":"join","room":"{{room}}","after":{{after}}}""");

    /// <summary>Creates the room, or joins it if it exists.</summary>
    public Task CreateAsync()
    {
        _isCreator = true;
        return ConnectAsync(-1, $$"""{"type":"create","room":"{{room}}"}""");
    }

    private string JoinFrame => $$"""{"type":"join","room":"{{room}}","limit":1}""";

    private async Task ConnectAsync(long after, string first)
    {
        await _socket.ConnectAsync(IPAddress.Loopback, port);
        var output = new ArrayBufferWriter<byte>();
        ClientHandshake.WriteRequest(output, $"127.0.0.1:{port}", $"/ws?name={name}", HandshakeKey.Create());
        await _socket.SendAsync(output.WrittenMemory);
        await ReadHeadAsync();
        LastSeq = after;
        Ended = ReceiveAsync();
        Send(first);
        await _joined.Task;
    }

    /// <summary>Sends a message of 128 bytes that contains the current timestamp.</summary>
    public void Say(int number) => Send($$"""{"type":"say","room":"{{room}}","id":{{number}},"text":"{{$"{Stopwatch.GetTimestamp()} ".PadRight(128, '.')}}"}""");

    private void Send(string frame)
    {
        var output = new ArrayBufferWriter<byte>(frame.Length + 16);
        lock (_socket)
        {
            _protocol.WriteMessage(output, Opcode.Text, Encoding.UTF8.GetBytes(frame));
            _socket.Send(output.WrittenSpan);
        }
    }

    /// <summary>Aborts the connection with a TCP reset.</summary>
    public void Abort()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    public void Dispose()
    {
        _socket.Dispose();
        _protocol.Dispose();
    }

    // Reads the response byte by byte, so that this method consumes no byte of the first frame.
    private async Task ReadHeadAsync()
    {
        var head = new byte[1024];
        for (var length = 0; !head.AsSpan(0, length).EndsWith("\r\n\r\n"u8); length++)
        {
            if (await _socket.ReceiveAsync(head.AsMemory(length, 1)) == 0)
                throw new IOException("the server closed during the handshake");
        }

        if (!head.AsSpan().StartsWith("HTTP/1.1 101"u8))
            throw new IOException(Encoding.ASCII.GetString(head));
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                var received = await _socket.ReceiveAsync(_buffer.AsMemory());
                if (received == 0)
                    break;
                Receive(_buffer.AsSpan(0, received));
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // The connection was aborted.
        }

        _joined.TrySetException(new IOException($"{name}: the connection was closed before the join"));
        _ = _joined.Task.Exception;
    }

    private void Receive(ReadOnlySpan<byte> bytes)
    {
        while (_protocol.TryReceive(bytes, out var consumed, out var e))
        {
            bytes = bytes[consumed..];
            var frame = e.Payload.Span;
            if (frame.StartsWith("{\"type\":\"message\""u8))
                ReceiveMessage(frame);
            else if (frame.StartsWith("{\"type\":\"ack\""u8))
                Interlocked.Increment(ref _acks);
            else if (frame.StartsWith("{\"type\":\"joined\""u8))
                ReceiveJoined(frame);
            else if (_isCreator && frame.StartsWith("{\"type\":\"error\""u8) && frame.IndexOf("there is a room"u8) >= 0)
                Send(JoinFrame);
            else if (frame.StartsWith("{\"type\":\"gap\""u8) || frame.StartsWith("{\"type\":\"bye\""u8))
                Faults++;
        }
    }

    private void ReceiveMessage(ReadOnlySpan<byte> frame)
    {
        CheckSeq(ReadSeq(frame, out var rest));
        var text = rest.IndexOf("\"text\":\""u8);
        if (OnLatency is not null && text >= 0 && Utf8Parser.TryParse(rest[(text + 8)..], out long said, out _))
            OnLatency(Stopwatch.GetTimestamp() - said);
    }

    private void ReceiveJoined(ReadOnlySpan<byte> frame)
    {
        var newest = ReadSeq(frame, out _);
        if (LastSeq < 0)
        {
            LastSeq = newest;
        }
        else
        {
            var rest = frame[frame.IndexOf("\"messages\""u8)..];
            while (rest.IndexOf("\"seq\":"u8) >= 0)
                CheckSeq(ReadSeq(rest, out rest));
        }

        _joined.TrySetResult();
    }

    private void CheckSeq(long seq)
    {
        if (seq != LastSeq + 1)
            Faults++;
        LastSeq = seq;
    }

    private static long ReadSeq(ReadOnlySpan<byte> frame, out ReadOnlySpan<byte> rest)
    {
        rest = frame[(frame.IndexOf("\"seq\":"u8) + 6)..];
        return Utf8Parser.TryParse(rest, out long seq, out _) ? seq : -1;
    }
}
