using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace RawSocketChat.Tests.Support;

/// <summary>
/// One connection of HTTP/2 to a server, by TLS and with its certificate alone: WebSockets are streams of it (RFC 8441),
/// beside whatever else is asked over it.
/// </summary>
public sealed class Http2Line : IDisposable
{
    private readonly HttpMessageInvoker _http;
    private int _connections;

    /// <param name="server">To this one.</param>
    /// <param name="certificate">What it is expected to show, where that is not its own.</param>
    public Http2Line(ServerUnderTest server, X509Certificate2? certificate = null)
    {
        Address = $"https://127.0.0.1:{server.HttpPort}";
        var expected = (certificate ?? server.Certificate).GetCertHashString();
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseCookies = false,
            // The least that the protocol allows: a stream that is not read soon takes no more.
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

    /// <summary>The server's, without a path; to it, that is the origin of its own page.</summary>
    public string Address { get; }

    /// <summary>How many connections there have been.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Opens a WebSocket and, unless told otherwise, reads whatever comes from then on.</summary>
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

    /// <summary>Any request; the answer's body is left to be read.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string pathAndQuery, Action<HttpRequestMessage>? change = null)
    {
        var request = new HttpRequestMessage(method, new Uri(Address + pathAndQuery)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        change?.Invoke(request);
        return await _http.SendAsync(request, CancellationToken.None).OrFail($"an answer to {method} {pathAndQuery}");
    }

    public void Dispose() => _http.Dispose();
}
