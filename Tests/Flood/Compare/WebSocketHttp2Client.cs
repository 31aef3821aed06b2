using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>
/// A WebSocket over HTTP/2 (RFC 8441). Each client has its own HTTP/2 connection. Counts the bytes inside TLS, including HTTP/2 frames,
/// pings and window updates.
/// </summary>
internal sealed class WebSocketHttp2Client(CompareTarget target, Traffic traffic, Arrivals arrivals) : WebSocketClient(target, traffic, arrivals)
{
    private HttpMessageInvoker? _http;
    private Socket? _socket;

    protected override async Task<(CountingConnection Connection, byte[] Early, DeflateParameters? Deflate)> OpenAsync(CancellationToken cancel)
    {
        var tls = Target.Tls ?? throw new TransportUnavailableException("HTTP/2 needs TLS: give the server's address with --tls-url");
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseCookies = false,
            UseProxy = false,
            ConnectCallback = async (_, cancelled) =>
            {
                _socket = new Socket(tls.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await _socket.ConnectAsync(tls.Address, cancelled);
                return new NetworkStream(_socket, ownsSocket: true);
            },
            PlaintextStreamFilter = (connection, _) => ValueTask.FromResult<Stream>(new CountingStream(connection.PlaintextStream, Traffic)),
            SslOptions = { RemoteCertificateValidationCallback = (_, _, _, errors) => errors == SslPolicyErrors.None || tls.IsTrusted },
        });
        var request = new HttpRequestMessage(HttpMethod.Connect, new Uri($"https://{tls.Url.Authority}{Path}"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Protocol = ServerHandshake.Token;
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        try
        {
            var response = await _http.SendAsync(request, cancel);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new FloodException($"{tls.Url}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancel)}");
            // The counts of this new Traffic are not used: PlaintextStreamFilter counts the bytes, including the HTTP/2 framing.
            return (new CountingConnection(await response.Content.ReadAsStreamAsync(cancel), new Traffic(), Cut), [], null);
        }
        catch (HttpRequestException fault)
        {
            Cut();
            throw new TransportUnavailableException($"{tls.Url}: {fault.InnerException?.Message ?? fault.Message}");
        }
    }

    protected override void Abort()
    {
        base.Abort();
        Cut();
    }

    private void Cut()
    {
        if (_socket is not null)
            CountingConnection.Cut(_socket);
        _http?.Dispose();
    }
}

/// <summary>A stream that counts the bytes of another stream.</summary>
internal sealed class CountingStream(Stream inner, Traffic traffic) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        traffic.AddReceived(count);
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        traffic.AddSent(buffer.Length);
        await inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("only asynchronous reads are supported");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("only asynchronous writes are supported");

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
