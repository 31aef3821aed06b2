using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Support;

/// <summary>A WebSocket client of the chat: over HTTP/1.1 with or without TLS, or over a stream of an HTTP/2 connection.</summary>
public sealed class ChatClient : IChatPeer
{
    private readonly Stream _stream;
    private readonly Action _abort;
    private readonly WebSocketProtocol _protocol;
    private readonly SemaphoreSlim _sending = new(1);
    private readonly TaskCompletionSource<(ushort Code, string Reason)> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _firstBytes;
    private bool _answerPings = true;
    private int _pings;
    private int _pongs;
    private long _receivedBytes;

    /// <param name="stream">The stream of WebSocket frames.</param>
    /// <param name="cut">Resets the connection.</param>
    /// <param name="subprotocol">The subprotocol that the server selected.</param>
    /// <param name="early">Frame bytes that arrived together with the handshake response.</param>
    /// <param name="deflate">The negotiated compression, or null.</param>
    internal ChatClient(Stream stream, Action cut, string? subprotocol, byte[] early, DeflateParameters? deflate = null)
    {
        _protocol = new(WebSocketRole.Client, 16 * 1024 * 1024, deflate) { DeflateMinBytes = 0 };
        Deflate = deflate;
        _stream = stream;
        _abort = cut;
        _firstBytes = early;
        Subprotocol = subprotocol;
    }

    public FrameInbox Inbox { get; } = new();

    /// <summary>The received messages, for tests of the text format and of the echo server.</summary>
    public List<string> Lines { get; } = [];

    public int LineCount
    {
        get
        {
            lock (Lines)
                return Lines.Count;
        }
    }

    public string? Subprotocol { get; }

    /// <summary>The negotiated compression, or null for none. The client compresses a message only if the compressed message is smaller.</summary>
    public DeflateParameters? Deflate { get; }

    /// <summary>The number of bytes received after the handshake.</summary>
    public long ReceivedBytes => Volatile.Read(ref _receivedBytes);

    /// <summary>The server's close code and reason; 1006 if the stream ended without a close frame.</summary>
    public Task<(ushort Code, string Reason)> Closed => _closed.Task;

    /// <summary>Completes when the stream has ended.</summary>
    public Task StreamEnded { get; private set; } = Task.CompletedTask;

    /// <summary>The error that ended the stream, or null.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>The number of received pings.</summary>
    public int Pings => Volatile.Read(ref _pings);

    /// <summary>The number of received pongs.</summary>
    public int Pongs => Volatile.Read(ref _pongs);

    /// <summary>Connects over HTTP/1.1, and starts to read unless <paramref name="read"/> is false.</summary>
    public static async Task<ChatClient> ConnectAsync(
        int port, string pathAndQuery = "/ws", bool read = true, bool frames = true, string? origin = null, string[]? subprotocols = null,
        int? receiveBuffer = null, bool answerPings = true, string? host = null, KeyValuePair<string, string>[]? headers = null,
        DeflateOffer[]? deflate = null, X509Certificate2? tls = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer is { } bytes)
            socket.ReceiveBufferSize = bytes;
        await socket.ConnectAsync(IPAddress.Loopback, port);
        Stream stream = new SocketStream(socket);
        if (tls is not null)
            stream = await AuthenticateTlsAsync(stream, tls);

        var key = HandshakeKey.Create();
        var request = new ArrayBufferWriter<byte>();
        ClientHandshake.WriteRequest(
            request, host ?? $"127.0.0.1:{port}", pathAndQuery, key, subprotocols,
            [
                .. origin is null ? Array.Empty<KeyValuePair<string, string>>() : [KeyValuePair.Create("Origin", origin)],
                .. deflate is null ? Array.Empty<KeyValuePair<string, string>>() : [KeyValuePair.Create(DeflateNegotiation.Header, DeflateNegotiation.FormatOffers(deflate))],
                .. headers ?? [],
            ]);
        await stream.WriteAsync(request.WrittenMemory);

        var received = new byte[16 * 1024];
        var length = 0;
        while (true)
        {
            var count = await stream.ReadAsync(received.AsMemory(length)).AsTask().OrFail("the handshake response");
            length += count;
            if (ClientHandshake.TryReadResponse(received.AsSpan(0, length), key, deflate ?? [], out var consumed, out var subprotocol, out var agreed, out var fault))
            {
                if (fault is not null)
                    throw new HandshakeRefusedException(fault, Encoding.UTF8.GetString(received, 0, length));
                var client = new ChatClient(stream, Abort, subprotocol, received[consumed..length], agreed) { _answerPings = answerPings };
                if (read)
                    client.Read(frames);
                return client;
            }

            if (count == 0)
                throw new HandshakeRefusedException("the stream ended", Encoding.UTF8.GetString(received, 0, length));
        }

        void Abort()
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
            }
            catch (ObjectDisposedException)
            {
                // The connection has ended already.
            }

            socket.Dispose();
        }
    }

    /// <summary>Connects with a name and a room, and waits until the client has joined.</summary>
    public static async Task<(ChatClient Client, JoinedFrame Joined)> JoinAsync(int port, string name, string room = "lobby")
    {
        var client = await ConnectAsync(port, $"/ws?name={Uri.EscapeDataString(name)}&room={room}");
        return (client, await client.Inbox.ExpectAsync<JoinedFrame>());
    }

    public void Read() => Read(frames: true);

    /// <summary>Starts to read.</summary>
    /// <param name="frames">True for JSON frames, false for lines of text.</param>
    public void Read(bool frames) => StreamEnded = ReadAsync(frames);

    public Task SendAsync(string text) => SendAsync(Opcode.Text, Encoding.UTF8.GetBytes(text));

    public Task SendAsync(ClientFrame frame) => SendAsync(Opcode.Text, ChatCodec.Encode(frame));

    public Task SendAsync(Opcode opcode, byte[] payload)
    {
        var output = new ArrayBufferWriter<byte>(payload.Length + 16);
        if (opcode == Opcode.Ping)
            _protocol.WritePing(output, payload);
        else
            _protocol.WriteMessage(output, opcode, payload);
        return SendBytesAsync(output.WrittenMemory);
    }

    public Task CloseAsync(ushort code = CloseCode.Normal)
    {
        var output = new ArrayBufferWriter<byte>();
        _protocol.WriteClose(output, code, "");
        return SendBytesAsync(output.WrittenMemory);
    }

    /// <summary>Sends raw bytes, valid or not.</summary>
    public async Task SendBytesAsync(ReadOnlyMemory<byte> bytes)
    {
        await _sending.WaitAsync();
        try
        {
            await _stream.WriteAsync(bytes);
            await _stream.FlushAsync();
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Sends a message and waits for its ack.</summary>
    public async Task<AckFrame> SayAsync(string text, string? id = null, string? room = null)
    {
        id ??= Guid.NewGuid().ToString("n");
        await SendAsync(new ClientFrame { Type = ClientFrameType.Say, Id = FrameId.From(id), Text = text, Room = room });
        return await Inbox.ExpectAsync<AckFrame>(ack => ack.Id.ToString() == id);
    }

    /// <summary>Resets the connection without a close frame. Does nothing if the connection has ended.</summary>
    public void Abort() => _abort();

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _sending.Dispose();
    }

    private async Task ReadAsync(bool frames)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            Receive(_firstBytes, frames);
            while (true)
            {
                var count = await _stream.ReadAsync(buffer);
                if (count == 0)
                    break;
                Receive(buffer.AsSpan(0, count), frames);
            }
        }
        catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The stream has ended. The code below reports the end.
            Fault = fault;
        }
        catch (AssertionException fault)
        {
            _closed.TrySetException(fault);
        }

        Inbox.End();
        _closed.TrySetResult((CloseCode.Abnormal, ""));
    }

    private void Receive(ReadOnlySpan<byte> bytes, bool frames)
    {
        Interlocked.Add(ref _receivedBytes, bytes.Length);
        while (_protocol.TryReceive(bytes, out var consumed, out var received))
        {
            bytes = bytes[consumed..];
            switch (received.Kind)
            {
                case WebSocketEventKind.Text when frames:
                    Inbox.Add(received.Payload.Span);
                    break;
                case WebSocketEventKind.Text or WebSocketEventKind.Binary:
                    lock (Lines)
                        Lines.Add(Encoding.UTF8.GetString(received.Payload.Span));
                    break;
                case WebSocketEventKind.Ping:
                    Interlocked.Increment(ref _pings);
                    if (!_answerPings)
                        break;
                    var pong = new ArrayBufferWriter<byte>();
                    _protocol.WritePong(pong, received.Payload.Span);
                    _ = SendBytesAsync(pong.WrittenMemory);
                    break;
                case WebSocketEventKind.Pong:
                    Interlocked.Increment(ref _pongs);
                    break;
                case WebSocketEventKind.Close:
                    _closed.TrySetResult((received.CloseCode, Encoding.UTF8.GetString(received.Payload.Span)));
                    break;
                case WebSocketEventKind.Fault:
                    throw new AssertionException($"the server broke the protocol: {received.Reason}");
            }
        }
    }

    /// <summary>Starts TLS, and accepts only this certificate.</summary>
    private static async Task<Stream> AuthenticateTlsAsync(Stream stream, X509Certificate2 certificate)
    {
        var tls = new SslStream(stream);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            ApplicationProtocols = [SslApplicationProtocol.Http11],
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == certificate.GetCertHashString(),
        });
        return tls;
    }

    /// <summary>A network stream that throws SocketException and not IOException. The tests of cut connections expect SocketException.</summary>
    private sealed class SocketStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (!buffer.IsEmpty)
                buffer = buffer[await Socket.SendAsync(buffer, SocketFlags.None, cancellationToken)..];
        }
    }
}

/// <summary>Thrown if the server rejects the handshake. Contains the whole response.</summary>
public sealed class HandshakeRefusedException(string message, string response) : Exception($"{message}\n{response}")
{
    public string Response { get; } = response;
}
