using System.Net;
using System.Net.Sockets;
using System.Text;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Benchmarks.Peers.Load;

namespace RawSocketChat.Tests.Benchmarks.Peers.Serving;

/// <summary>
/// The minimal server: one thread frames each message once and calls a non-blocking <c>Socket.Send</c> for each subscriber. The cost of
/// this server is the lower bound for all servers that send each message to each subscriber with a separate call. The server has no rooms,
/// does not detect that a connection was closed, and waits for the slowest subscriber.
/// </summary>
internal sealed class FloorServer : IDisposable
{
    private const int MaxMessageBytes = 1 << 20;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _receivers = [];
    private readonly byte[] _buffer = new byte[256 * 1024];
    private readonly WebSocketProtocol _protocol = new(WebSocketRole.Server, MaxMessageBytes);
    private readonly byte[] _ready = FrameWriter.CreateFrame(Opcode.Text, "ready"u8);
    private Socket? _publisher;

    public FloorServer(int port)
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(4096);
    }

    /// <summary>
    /// Lets a test simulate a faulty server. From the index of a receiver and the number of a message, returns how many copies of the message
    /// the receiver gets. If this property is null, each receiver gets one copy.
    /// </summary>
    public Func<int, int, int>? CopyCount { get; init; }

    public EndPoint EndPoint => _listener.LocalEndPoint!;

    /// <summary>Serves until cancelled. The method returns within 500 ms after the cancellation.</summary>
    public void Run(CancellationToken cancel)
    {
        var readable = new List<Socket>(2);
        while (!cancel.IsCancellationRequested)
        {
            readable.Clear();
            readable.Add(_listener);
            if (_publisher is not null)
                readable.Add(_publisher);
            Socket.Select(readable, null, null, PollInterval);
            if (readable.Contains(_listener))
                Accept();
            if (_publisher is not null && readable.Contains(_publisher))
                Read(_publisher);
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        _receivers.ForEach(receiver => receiver.Dispose());
        _protocol.Dispose();
    }

    private void Accept()
    {
        var socket = _listener.Accept();
        try
        {
            socket.NoDelay = true;
            var read = 0;
            while (!_buffer.AsSpan(0, read).EndsWith("\r\n\r\n"u8))
                read += socket.Receive(_buffer.AsSpan(read)) is > 0 and var received ? received : throw new SocketException((int)SocketError.ConnectionReset);
            var request = Encoding.ASCII.GetString(_buffer, 0, read);
            const string field = "Sec-WebSocket-Key:";
            var key = request.Split("\r\n").First(line => line.StartsWith(field, StringComparison.OrdinalIgnoreCase))[field.Length..].Trim();
            socket.Send(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {HandshakeKey.ComputeAccept(key)}\r\n\r\n"));
            socket.Send(_ready);
            socket.Blocking = false;
            _receivers.Add(socket);
            if (request.StartsWith("GET /publish ", StringComparison.Ordinal))
                _publisher = socket;
        }
        catch (Exception fault) when (fault is SocketException or InvalidOperationException)
        {
            socket.Dispose(); // The client only checked whether the server listens, or its request was incomplete.
        }
    }

    private void Read(Socket publisher)
    {
        var received = publisher.Receive(_buffer, SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
            return;
        if (received == 0)
        {
            _publisher = null;
            return;
        }

        ReadOnlySpan<byte> input = _buffer.AsSpan(0, received);
        while (_protocol.TryReceive(input, out var consumed, out var e))
        {
            input = input[consumed..];
            if (e.Kind == WebSocketEventKind.Text)
                Broadcast(e.Payload.Span);
        }
    }

    private void Broadcast(ReadOnlySpan<byte> text)
    {
        var frame = FrameWriter.CreateFrame(Opcode.Text, text);
        var number = CopyCount is null ? -1 : MessageNumber.FindNext(ref text);
        for (var i = 0; i < _receivers.Count; i++)
        {
            for (var copies = CopyCount?.Invoke(i, number) ?? 1; copies > 0; copies--)
                Send(_receivers[i], frame);
        }
    }

    private static void Send(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[socket.Send(bytes, SocketFlags.None, out var error)..];
            if (error == SocketError.WouldBlock)
                socket.Poll(-1, SelectMode.SelectWrite);
            else if (error != SocketError.Success)
                return;
        }
    }
}
