using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>Makes connections of HTTP/2 by TLS, each for as many WebSockets as the server allows on one (RFC 8441).</summary>
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
                var socket = new Wire(new IPEndPoint(address, context.DnsEndPoint.Port), nextSource()).NewSocket();
                await socket.ConnectAsync(address, context.DnsEndPoint.Port, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
            // A server on this machine has a certificate of its own making.
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
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", Handshake.Version);
        try
        {
            var response = await _http.SendAsync(request, cancel);
            if (response.StatusCode == HttpStatusCode.OK) return (response, await response.Content.ReadAsStreamAsync(cancel));
            throw new FloodException($"the server answered {(int)response.StatusCode} to a WebSocket over HTTP/2");
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            throw new FloodException($"{Address}: {e.InnerException?.Message ?? e.Message}");
        }
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>A WebSocket that is one stream of a connection of HTTP/2.</summary>
internal sealed class Http2Connection(Http2Dialer dialer, Place place, IFrameListener listener, ReadingPace? pace) : IConnection
{
    private const int MaxMessageBytes = 4 * 1024 * 1024;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WebSocketProtocol _protocol = new(WebSocketRole.Client, MaxMessageBytes);
    private readonly Lock _sending = new();
    private HttpResponseMessage? _response;
    private Stream? _stream;
    private Task _sent = Task.CompletedTask;
    private int _cutAfter = -1;
    private volatile bool _leaving;
    private volatile bool _cut;

    public Task Ended => _ended.Task;

    public async Task OpenAsync(CancellationToken cancel)
    {
        (_response, _stream) = await dialer.ConnectAsync(WebSocketConnection.PathFor(dialer.Address, place), cancel);
        _ = Task.Run(ReadAsync, CancellationToken.None);
    }

    public bool Send(ReadOnlySpan<byte> frame)
    {
        lock (_sending)
        {
            var message = new ArrayBufferWriter<byte>(frame.Length + 16);
            _protocol.WriteMessage(message, Opcode.Text, frame);
            return SendAll(message.WrittenSpan);
        }
    }

    public void Leave()
    {
        _leaving = true;
        SendClose(CloseCode.Normal);
    }

    public void CutAfter(int bytes) => Volatile.Write(ref _cutAfter, bytes);

    public void Cut()
    {
        _cut = true;
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
                var isTorn = _cutAfter >= 0 && read > _cutAfter;
                if (isTorn) read = _cutAfter;
                else if (_cutAfter >= 0) _cutAfter -= read;
                if (TakeFrames(buffer.AsSpan(0, read), now) is { } end)
                {
                    why = end;
                    break;
                }
                if (isTorn)
                {
                    Cut();
                    break;
                }
                while (pace is not null && pace.StandsStill()) await Task.Delay(ReadingPace.Slice, TimeProvider.System);
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException or ObjectDisposedException or OperationCanceledException)
        {
            why = e.Message;
        }
        _protocol.Dispose();
        listener.Ended(_leaving || _cut ? null : why);
        _ended.TrySetResult();
    }

    private string? TakeFrames(ReadOnlySpan<byte> bytes, long now)
    {
        while (_protocol.TryReceive(bytes, out var consumed, out var e))
        {
            bytes = bytes[consumed..];
            switch (e.Kind)
            {
                case WebSocketEventKind.Text:
                    listener.Take(e.Payload.Span, now);
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
        lock (_sending)
        {
            var frame = new ArrayBufferWriter<byte>();
            _protocol.WritePong(frame, payload);
            SendAll(frame.WrittenSpan);
        }
    }

    private void SendClose(ushort code)
    {
        lock (_sending)
        {
            var frame = new ArrayBufferWriter<byte>();
            if (_protocol.WriteClose(frame, code, "")) SendAll(frame.WrittenSpan);
        }
    }

    // One after the other, and never by a thread that waits: HTTP/2 needs the pool's threads to read.
    private bool SendAll(ReadOnlySpan<byte> bytes)
    {
        if (_ended.Task.IsCompleted) return false;
        _sent = SendAfterAsync(_sent, bytes.ToArray());
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
            // The reading side learns why, and tells.
        }
    }
}
