using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Support;

/// <summary>One Set-Cookie: its attributes are in lower case.</summary>
public sealed record GivenCookie(string Name, string Value, IReadOnlyList<string> Attributes);

/// <summary>What POST /session answered.</summary>
public sealed record SessionAnswer(int Status, string Body, ServerFrame Frame, GivenCookie? Cookie, ILookup<string, string> Headers)
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

/// <summary>Begins sessions over HTTP, as a program or in the name of a page; it keeps no cookies by itself.</summary>
/// <param name="address">The server's, without a path.</param>
/// <param name="certificate">Its own over TLS; no other is trusted.</param>
/// <param name="host">What the Host header names, where it is not the address.</param>
public sealed class SessionClient(string address, X509Certificate2? certificate = null, string? host = null) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseCookies = false,
        SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null && shown.GetCertHashString() == certificate?.GetCertHashString() },
    });

    /// <summary>The origin of the page that the server serves.</summary>
    public string Own => address;

    public void Dispose() => _http.Dispose();

    /// <param name="declared">Whether Content-Length tells the length.</param>
    public Task<SessionAnswer> PostAsync(
        string body, string? origin = null, string? type = "application/json", string? cookie = null, string? authorization = null, bool declared = true)
    {
        HttpContent content = declared ? new ByteArrayContent(Encoding.UTF8.GetBytes(body)) : new StreamContent(new UnknownLength(Encoding.UTF8.GetBytes(body)));
        if (type is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        return SendAsync(HttpMethod.Post, content, origin, cookie, authorization);
    }

    public async Task<SessionAnswer> SendAsync(
        HttpMethod method, HttpContent? content, string? origin = null, string? cookie = null, string? authorization = null)
    {
        using var request = new HttpRequestMessage(method, new Uri($"{address}/session")) { Content = content };
        request.Headers.Host = host;
        AddIfGiven(request.Headers, "Origin", origin);
        AddIfGiven(request.Headers, "Authorization", authorization);
        AddIfGiven(request.Headers, "Cookie", cookie is null ? null : cookie.Contains('=', StringComparison.Ordinal) ? cookie : $"rsc_session={cookie}");
        using var response = await _http.SendAsync(request).OrFail("an answer of POST /session");
        var bytes = await response.Content.ReadAsByteArrayAsync();
        var body = Encoding.UTF8.GetString(bytes);
        if (!ChatCodec.TryReadServer(bytes, out var frame))
            throw new AssertionException($"{(int)response.StatusCode} without a frame: {body}");
        var headers = response.Headers.Concat(response.Content.Headers)
            .SelectMany(header => header.Value, (header, value) => (header.Key, value)).ToLookup(pair => pair.Key, pair => pair.value);
        return new SessionAnswer((int)response.StatusCode, body, frame, headers["Set-Cookie"].Select(Read).SingleOrDefault(), headers);
    }

    private static void AddIfGiven(HttpRequestHeaders headers, string name, string? value)
    {
        if (value is not null)
            headers.TryAddWithoutValidation(name, value);
    }

    private static GivenCookie Read(string header)
    {
        var parts = header.Split(';', StringSplitOptions.TrimEntries);
        var (name, value) = (parts[0][..parts[0].IndexOf('=', StringComparison.Ordinal)], parts[0][(parts[0].IndexOf('=', StringComparison.Ordinal) + 1)..]);
#pragma warning disable CA1308 // attributes are compared in the spelling of RFC 6265's examples, without their case
        return new GivenCookie(name, value, [.. parts.Skip(1).Select(part => part.ToLowerInvariant())]);
#pragma warning restore CA1308
    }

    // A stream that cannot tell its length goes out in chunks.
    private sealed class UnknownLength(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
