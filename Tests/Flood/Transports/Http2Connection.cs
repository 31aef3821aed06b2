using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>Opens WebSockets over HTTP/2 and TLS (RFC 8441). One HTTP/2 connection carries as many WebSockets as the server allows.</summary>
internal sealed class Http2Dialer : IDisposable
{
    private readonly HttpMessageInvoker _http;

    public Http2Dialer(Uri url, Func<IPAddress?> nextSource)
    {
        Address = new UriBuilder(url) { Scheme = "https" }.Uri;
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseCookies = false,
            UseProxy = false,
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            ConnectCallback = async (context, cancel) =>
            {
                var address = (await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancel))[0];
                var socket = new SocketSettings(new IPEndPoint(address, context.DnsEndPoint.Port), nextSource()).CreateSocket();
                await socket.ConnectAsync(address, context.DnsEndPoint.Port, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
            // A server on this machine may use a self-signed certificate.
            SslOptions = { RemoteCertificateValidationCallback = (_, _, _, errors) => errors == SslPolicyErrors.None || url.IsLoopback },
        });
    }

    public Uri Address { get; }

    public async Task<(HttpResponseMessage Response, Stream Stream)> ConnectAsync(string pathAndQuery, CancellationToken cancel)
    {
        var request = new HttpRequestMessage(HttpMethod.Connect, new Uri(Address, pathAndQuery))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Headers = { Protocol = "websocket" },
        };
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", ServerHandshake.Version);
        try
        {
            var response = await _http.SendAsync(request, cancel);
            if (response.StatusCode == HttpStatusCode.OK) return (response, await response.Content.ReadAsStreamAsync(cancel));
            throw new FloodException($"the server answered {(int)response.StatusCode} to the request for a WebSocket over HTTP/2");
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            throw new FloodException($"{Address}: {e.InnerException?.Message ?? e.Message}");
        }
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>A WebSocket on one stream of an HTTP/2 connection.</summary>
internal sealed class Http2Connection(Http2Dialer dialer, SessionState state, IFrameListener listener, ReadingPace? pace) : IConnection
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WebSocketProtocol _protocol = new(WebSocketRole.Client, WebSocketConnection.MaxMessageBytes);
    private readonly Lock _sendLock = new();
    private HttpResponseMessage? _response;
    private Stream? _stream;
    private Task _lastSend = Task.CompletedTask;
    private int _cutAfter = -1;
    private volatile bool _isLeaving;
    private volatile bool _isCut;

    public Task Ended => _ended.Task;

    public async Task OpenAsync(CancellationToken cancel)
    {
        (_response, _stream) = await dialer.ConnectAsync(WebSocketConnection.GetPath(dialer.Address, state), cancel);
        _ = Task.Run(ReadAsync, CancellationToken.None);
    }

    public bool Send(ReadOnlySpan<byte> frame)
    {
        lock (_sendLock)
        {
            var message = new ArrayBufferWriter<byte>(frame.Length + 16);
            _protocol.WriteMessage(message, Opcode.Text, frame);
            return QueueSend(message.WrittenSpan);
        }
    }

    public void Leave()
    {
        _isLeaving = true;
        SendClose(CloseCode.Normal);
    }

    public void CutAfter(int bytes) => Volatile.Write(ref _cutAfter, bytes);

    public void Cut()
    {
        _isCut = true;
        _response?.Dispose(); // resets the stream
    }

    public void Dispose()
    {
        _response?.Dispose();
        _stream?.Dispose();
    }

    private async Task ReadAsync()
    {
        var why = "the server ended the stream without a close frame";
        try
        {
            var buffer = new byte[8 * 1024];
            while (await _stream!.ReadAsync(buffer) is > 0 and var read)
            {
                var now = Stopwatch.GetTimestamp();
                var isCutHere = _cutAfter >= 0 && read > _cutAfter;
                if (isCutHere) read = _cutAfter;
                else if (_cutAfter >= 0) _cutAfter -= read;
                if (ProcessFrames(buffer.AsSpan(0, read), now) is { } end)
                {
                    why = end;
                    break;
                }
                if (isCutHere)
                {
                    Cut();
                    break;
                }
                while (pace is not null && pace.ShouldPause()) await Task.Delay(ReadingPace.Slice, TimeProvider.System);
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException or ObjectDisposedException or OperationCanceledException)
        {
            why = e.Message;
        }
        _protocol.Dispose();
        listener.OnEnded(_isLeaving || _isCut ? null : why);
        _ended.TrySetResult();
    }

    private string? ProcessFrames(ReadOnlySpan<byte> bytes, long now)
    {
        while (_protocol.TryReceive(bytes, out var consumed, out var e))
        {
            bytes = bytes[consumed..];
            switch (e.Kind)
            {
                case WebSocketEventKind.Text:
                    listener.OnFrame(e.Payload.Span, now);
                    break;
                case WebSocketEventKind.Ping:
                    ThreadPool.UnsafeQueueUserWorkItem(SendPong, e.Payload.ToArray(), preferLocal: false);
                    break;
                case WebSocketEventKind.Close:
                    SendClose(e.CloseCode);
                    return $"closed with {e.CloseCode} {Encoding.UTF8.GetString(e.Payload.Span)}".TrimEnd();
                case WebSocketEventKind.Fault:
                    SendClose(e.CloseCode);
                    return $"the server broke the WebSocket protocol: {e.Reason}";
            }
        }
        return null;
    }

    private void SendPong(byte[] payload)
    {
        lock (_sendLock)
        {
            var frame = new ArrayBufferWriter<byte>();
            _protocol.WritePong(frame, payload);
            QueueSend(frame.WrittenSpan);
        }
    }

    private void SendClose(ushort code)
    {
        lock (_sendLock)
        {
            var frame = new ArrayBufferWriter<byte>();
            if (_protocol.WriteClose(frame, code, "")) QueueSend(frame.WrittenSpan);
        }
    }

    // Sends in order and never blocks. .NET's HTTP/2 client reads on threads of the thread pool, so a blocked thread would delay reading.
    private bool QueueSend(ReadOnlySpan<byte> bytes)
    {
        if (_ended.Task.IsCompleted) return false;
        _lastSend = SendAfterAsync(_lastSend, bytes.ToArray());
        return true;
    }

    private async Task SendAfterAsync(Task before, byte[] bytes)
    {
        await before;
        try
        {
            await _stream!.WriteAsync(bytes);
            await _stream.FlushAsync();
        }
        catch (Exception e) when (e is IOException or HttpRequestException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // Nothing to do: the read loop fails too, and reports the reason to the listener.
        }
    }
}
