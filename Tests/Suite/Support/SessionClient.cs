using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Support;

/// <summary>A cookie of a Set-Cookie header. Its attributes are in lower case.</summary>
public sealed record ResponseCookie(string Name, string Value, IReadOnlyList<string> Attributes);

/// <summary>The response to POST /session.</summary>
public sealed record SessionResponse(int Status, string Body, ServerFrame Frame, ResponseCookie? Cookie, ILookup<string, string> Headers)
{
    public string User => Frame.Should().BeOfType<WelcomeFrame>().Which.User;

    public string Header(string name) => Headers[name].Should().ContainSingle().Subject;

    public ChatError ShouldBe(int status, string code)
    {
        Status.Should().Be(status, Body);
        var error = Frame.Should().BeOfType<ErrorFrame>().Which.Error;
        error.Code.Should().Be(code);
        return error;
    }
}

/// <summary>Begins sessions over HTTP, as a program or as a page. It stores no cookies.</summary>
/// <param name="address">The server's address without a path.</param>
/// <param name="certificate">The certificate to accept over TLS.</param>
/// <param name="host">The Host header; null for the host of the address.</param>
public sealed class SessionClient(string address, X509Certificate2? certificate = null, string? host = null) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseCookies = false,
        SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null && shown.GetCertHashString() == certificate?.GetCertHashString() },
    });

    /// <summary>The origin of the page that the server serves.</summary>
    public string OwnOrigin => address;

    public void Dispose() => _http.Dispose();

    /// <param name="hasContentLength">Whether the request has a Content-Length header.</param>
    public Task<SessionResponse> PostAsync(
        string body, string? origin = null, string? type = "application/json", string? cookie = null, string? authorization = null, bool hasContentLength = true)
    {
        HttpContent content = hasContentLength ? new ByteArrayContent(Encoding.UTF8.GetBytes(body)) : new StreamContent(new UnsizedStream(Encoding.UTF8.GetBytes(body)));
        if (type is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        return SendAsync(HttpMethod.Post, content, origin, cookie, authorization);
    }

    public async Task<SessionResponse> SendAsync(
        HttpMethod method, HttpContent? content, string? origin = null, string? cookie = null, string? authorization = null)
    {
        using var request = new HttpRequestMessage(method, new Uri($"{address}/session")) { Content = content };
        request.Headers.Host = host;
        AddIfGiven(request.Headers, "Origin", origin);
        AddIfGiven(request.Headers, "Authorization", authorization);
        AddIfGiven(request.Headers, "Cookie", cookie is null ? null : cookie.Contains('=', StringComparison.Ordinal) ? cookie : $"rsc_session={cookie}");
        using var response = await _http.SendAsync(request).OrFail("a response to POST /session");
        var bytes = await response.Content.ReadAsByteArrayAsync();
        var body = Encoding.UTF8.GetString(bytes);
        if (!ChatCodec.TryReadServer(bytes, out var frame))
            throw new AssertionException($"status {(int)response.StatusCode} without a frame: {body}");
        var headers = response.Headers.Concat(response.Content.Headers)
            .SelectMany(header => header.Value, (header, value) => (header.Key, value)).ToLookup(pair => pair.Key, pair => pair.value);
        return new SessionResponse((int)response.StatusCode, body, frame, headers["Set-Cookie"].Select(ParseCookie).SingleOrDefault(), headers);
    }

    private static void AddIfGiven(HttpRequestHeaders headers, string name, string? value)
    {
        if (value is not null)
            headers.TryAddWithoutValidation(name, value);
    }

    private static ResponseCookie ParseCookie(string header)
    {
        var parts = header.Split(';', StringSplitOptions.TrimEntries);
        var (name, value) = (parts[0][..parts[0].IndexOf('=', StringComparison.Ordinal)], parts[0][(parts[0].IndexOf('=', StringComparison.Ordinal) + 1)..]);
#pragma warning disable CA1308 // RFC 6265 compares attribute names without case
        return new ResponseCookie(name, value, [.. parts.Skip(1).Select(part => part.ToLowerInvariant())]);
#pragma warning restore CA1308
    }

    // HttpClient sends a stream of unknown length in chunks.
    private sealed class UnsizedStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
