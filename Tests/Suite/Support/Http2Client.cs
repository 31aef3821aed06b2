using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace RawSocketChat.Tests.Support;

/// <summary>
/// One HTTP/2 connection to the server, with TLS. The client accepts only the expected certificate. WebSockets (RFC 8441) and requests are
/// streams of this connection.
/// </summary>
public sealed class Http2Client : IDisposable
{
    private readonly HttpMessageInvoker _http;
    private int _connections;

    /// <param name="server">The server to connect to.</param>
    /// <param name="certificate">The expected certificate; null for the server's own.</param>
    public Http2Client(ServerUnderTest server, X509Certificate2? certificate = null)
    {
        Address = $"https://127.0.0.1:{server.HttpPort}";
        var expected = (certificate ?? server.Certificate).GetCertHashString();
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseCookies = false,
            // The default of HTTP/2. It is small, so flow control soon stops a stream that the client does not read.
            InitialHttp2StreamWindowSize = 65_535,
            SslOptions =
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) =>
                {
                    Interlocked.Increment(ref _connections);
                    return shown?.GetCertHashString() == expected;
                },
            },
        });
    }

    /// <summary>The server's address without a path. It is also the origin of the server's own page.</summary>
    public string Address { get; }

    /// <summary>The number of TLS connections so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Opens a WebSocket, and starts to read unless <paramref name="read"/> is false.</summary>
    public async Task<ChatClient> ConnectAsync(string pathAndQuery = "/ws", bool read = true, bool frames = true, Action<HttpRequestMessage>? change = null)
    {
        var response = await SendAsync(HttpMethod.Connect, pathAndQuery, request =>
        {
            request.Headers.Protocol = "websocket";
            request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
            change?.Invoke(request);
        });
        if (response.StatusCode != HttpStatusCode.OK)
            throw new HandshakeRefusedException($"{(int)response.StatusCode}", await response.Content.ReadAsStringAsync());
        response.Headers.TryGetValues("Sec-WebSocket-Protocol", out var subprotocols);
        var stream = await response.Content.ReadAsStreamAsync();
        var client = new ChatClient(stream, response.Dispose, subprotocols?.Single(), early: []);
        if (read)
            client.Read(frames);
        return client;
    }

    /// <summary>Sends a request. The caller reads the body of the response.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string pathAndQuery, Action<HttpRequestMessage>? change = null)
    {
        var request = new HttpRequestMessage(method, new Uri(Address + pathAndQuery)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        change?.Invoke(request);
        return await _http.SendAsync(request, CancellationToken.None).OrFail($"a response to {method} {pathAndQuery}");
    }

    public void Dispose() => _http.Dispose();
}
