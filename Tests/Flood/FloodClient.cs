using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Flood;

/// <summary>
/// One connection: a socket, the handshake, WebSocket frames. What the frames say is <see cref="Subscriber"/>'s.
/// </summary>
/// <remarks>
/// Its receive loop has no task and no allocation: one <see cref="SocketAsyncEventArgs"/>, whose completions run on the
/// runtime's socket threads, one after the other for one connection. Nothing in it may block (a socket thread that waits
/// for its own socket waits for ever): what answers the server there goes through the thread pool.
/// </remarks>
internal sealed class FloodClient : IDisposable
{
    // Holds what gathers while the other connections have their turn: twenty messages of 128 bytes' text with their frames.
    private const int ReceiveBytes = 8 * 1024;
    private const int MaxMessageBytes = 4 * 1024 * 1024;

    private readonly Lock _sending = new();
    private readonly Socket _socket;
    private readonly SocketAsyncEventArgs _receiving = new(true); // no execution context to carry along
    private readonly WebSocketProtocol _protocol = new(WebSocketRole.Client, MaxMessageBytes);
    private readonly Subscriber _subscriber;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _key = Handshake.NewKey();
    private ArrayBufferWriter<byte>? _upgrade = new();
    private volatile bool _leaving;

    public FloodClient(EndPoint server, Subscriber subscriber)
    {
        _subscriber = subscriber;
        _socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _receiving.SetBuffer(new byte[ReceiveBytes]);
        _receiving.RemoteEndPoint = server;
        _receiving.Completed += (_, _) => Pump();
        _subscriber.SendText = SendText;
    }

    public Subscriber Subscriber => _subscriber;

    /// <summary>Completed when nothing more will come.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Connects, says who it is, and joins the room.</summary>
    /// <exception cref="FloodException">The server is not there or refused.</exception>
    public async Task JoinAsync(Uri url, string name, CancellationToken cancel)
    {
        try
        {
            await _socket.ConnectAsync(_receiving.RemoteEndPoint!, cancel);
            var request = new ArrayBufferWriter<byte>();
            var query = url.Query.Length > 0 ? $"{url.Query}&" : "?";
            Handshake.WriteRequest(request, url.Authority, $"{url.AbsolutePath}{query}name={name}", _key);
            await _socket.SendAsync(request.WrittenMemory, cancel);
        }
        catch (SocketException e)
        {
            throw new FloodException($"{_receiving.RemoteEndPoint}: {e.Message}");
        }
        ThreadPool.UnsafeQueueUserWorkItem(static client => client.StartReceiving(), this, preferLocal: false);
        await _subscriber.Joined.WaitAsync(cancel);
    }

    /// <summary>Sends a text message. Blocks while the server does not read; false where the connection has ended.</summary>
    public bool SendText(ReadOnlySpan<byte> text)
    {
        lock (_sending)
        {
            var frame = new ArrayBufferWriter<byte>(text.Length + 16);
            _protocol.WriteMessage(frame, Opcode.Text, text);
            return Send(frame.WrittenSpan);
        }
    }

    /// <summary>Begins the closing handshake: what the server sent before its answer still comes.</summary>
    public void Leave()
    {
        _leaving = true;
        SendClose(CloseCode.Normal);
    }

    public void Dispose()
    {
        _socket.Dispose(); // ends a receive that is still under way, and with it the protocol's
        _receiving.Dispose();
    }

    private void StartReceiving()
    {
        if (!_socket.ReceiveAsync(_receiving)) Pump();
    }

    // Completed receive, its frames, the next receive, as long as they complete at once.
    private void Pump()
    {
        try
        {
            while (Take(_receiving) && !_socket.ReceiveAsync(_receiving))
            {
            }
        }
        catch (ObjectDisposedException)
        {
            End(null);
        }
    }

    private bool Take(SocketAsyncEventArgs received)
    {
        if (received.SocketError != SocketError.Success) return End(received.SocketError.ToString());
        if (received.BytesTransferred == 0) return End("the server hung up without a close frame");
        var now = Stopwatch.GetTimestamp();
        var bytes = received.MemoryBuffer.Span[..received.BytesTransferred];
        return _upgrade is null ? TakeFrames(bytes, now) : TakeResponse(_upgrade, bytes, now);
    }

    private bool TakeResponse(ArrayBufferWriter<byte> upgrade, ReadOnlySpan<byte> bytes, long now)
    {
        upgrade.Write(bytes);
        var response = upgrade.WrittenSpan;
        if (!Handshake.TryReadResponse(response, _key, out var consumed, out _, out var fault)) return true;
        if (fault is not null) return End($"the server did not open a WebSocket: {fault}");
        _upgrade = null;
        return TakeFrames(response[consumed..], now);
    }

    private bool TakeFrames(ReadOnlySpan<byte> bytes, long now)
    {
        while (_protocol.TryReceive(bytes, out var consumed, out var e))
        {
            bytes = bytes[consumed..];
            switch (e.Kind)
            {
                case WebSocketEventKind.Text:
                    _subscriber.Take(e.Payload.Span, now);
                    break;
                case WebSocketEventKind.Ping:
                    ThreadPool.UnsafeQueueUserWorkItem(SendPong, e.Payload.ToArray(), preferLocal: false);
                    break;
                case WebSocketEventKind.Close:
                    ThreadPool.UnsafeQueueUserWorkItem(SendClose, e.CloseCode, preferLocal: false);
                    return End($"closed with {e.CloseCode} {Encoding.UTF8.GetString(e.Payload.Span)}".TrimEnd());
                case WebSocketEventKind.Fault:
                    ThreadPool.UnsafeQueueUserWorkItem(SendClose, e.CloseCode, preferLocal: false);
                    return End($"the server broke the WebSocket protocol: {e.Reason}");
            }
        }
        return true;
    }

    private void SendPong(byte[] payload)
    {
        lock (_sending)
        {
            var frame = new ArrayBufferWriter<byte>();
            _protocol.WritePong(frame, payload);
            Send(frame.WrittenSpan);
        }
    }

    private void SendClose(ushort code)
    {
        lock (_sending)
        {
            var frame = new ArrayBufferWriter<byte>();
            if (_protocol.WriteClose(frame, code, "")) Send(frame.WrittenSpan);
        }
    }

    private bool Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty) bytes = bytes[_socket.Send(bytes)..];
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false; // the receiving side learns why, and tells
        }
    }

    private bool End(string? why)
    {
        _protocol.Dispose(); // here, where no other thread receives
        _subscriber.End(_leaving ? null : why);
        _ended.TrySetResult();
        return false;
    }
}
