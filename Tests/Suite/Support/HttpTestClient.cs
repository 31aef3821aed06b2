using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Support;

/// <summary>The response to a request.</summary>
public sealed record HttpTestResponse(int Status, string Body, ILookup<string, string> Headers)
{
    private ReadOnlyMemory<byte> Bytes => Encoding.UTF8.GetBytes(Body);

    /// <summary>The next cursor, in the response to a poll.</summary>
    public long Next => PollBatch.TryRead(Bytes, out var next, out _) ? next : throw new AssertionException($"{Status}, not a poll response: {Body}");

    /// <summary>The frames in the response to a poll.</summary>
    public IReadOnlyList<ServerFrame> Frames => PollBatch.TryRead(Bytes, out _, out var frames) ? Read(frames) : throw new AssertionException($"{Status}, not a poll response: {Body}");

    /// <summary>The answers in the response to a POST.</summary>
    public IReadOnlyList<ServerFrame> Answers => PollBatch.TryReadArray(Bytes, int.MaxValue, out var frames) ? Read(frames) : throw new AssertionException($"{Status}, not a list of answers: {Body}");

    /// <summary>The error of a rejected request.</summary>
    public ChatError Error => ChatCodec.TryReadServer(Bytes.Span, out var frame) && frame is ErrorFrame error ? error.Error : throw new AssertionException($"{Status}, not an error: {Body}");

    public ChatError ShouldBe(int status, string code)
    {
        Status.Should().Be(status, Body);
        Error.Code.Should().Be(code);
        return Error;
    }

    private static List<ServerFrame> Read(IEnumerable<ReadOnlyMemory<byte>> frames) =>
        [.. frames.Select(json => ChatCodec.TryReadServer(json.Span, out var frame) ? frame : throw new AssertionException($"no frame: {Encoding.UTF8.GetString(json.Span)}"))];
}

/// <summary>Sends HTTP requests with the headers that a test needs.</summary>
public sealed class HttpTestClient(int port, string? token = null) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port}"),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>The origin of the page that the server serves.</summary>
    public string OwnOrigin => $"http://127.0.0.1:{port}";

    public string? Token { get; set; } = token;

    /// <summary>Begins a new session.</summary>
    public static async Task<HttpTestClient> StartSessionAsync(int port, string? name = null)
    {
        var asker = new HttpTestClient(port);
        var answer = await asker.PostAsync("/session", name is null ? """{"type":"hello"}""" : $$"""{"type":"hello","name":"{{name}}"}""");
        asker.Token = ChatCodec.TryReadServer(Encoding.UTF8.GetBytes(answer.Body), out var frame) && frame is WelcomeFrame welcome
            ? welcome.Session
            : throw new AssertionException(answer.Body);
        return asker;
    }

    public Task<HttpTestResponse> GetAsync(string path, params (string Name, string Value)[] headers) => RequestAsync(HttpMethod.Get, path, null, headers);

    public Task<HttpTestResponse> PostAsync(string path, string body, params (string Name, string Value)[] headers) =>
        RequestAsync(HttpMethod.Post, path, new ByteArrayContent(Encoding.UTF8.GetBytes(body)), headers);

    /// <summary>Posts to <c>/send</c>.</summary>
    public Task<HttpTestResponse> SendAsync(string body) => PostAsync("/send", body);

    public async Task<HttpTestResponse> RequestAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var response = await OpenAsync(method, path, content, headers);
        var body = await response.Content.ReadAsStringAsync().OrFail($"the body of {path}");
        return new HttpTestResponse((int)response.StatusCode, body, GetHeaders(response));
    }

    /// <summary>Sends a request. The caller reads the body of the response.</summary>
    public async Task<HttpResponseMessage> OpenAsync(HttpMethod method, string path, HttpContent? content = null, params (string Name, string Value)[] headers) =>
        await OpenLongAsync(method, path, content, headers).OrFail($"a response to {path}");

    /// <summary>Sends a request without a time limit. The caller reads the body of the response.</summary>
    public async Task<HttpResponseMessage> OpenLongAsync(HttpMethod method, string path, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content };
        if (Token is not null && !headers.Any(header => header.Name is "Authorization" or "Cookie"))
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Token}");
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                content?.Headers.TryAddWithoutValidation(name, value);
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>
    /// Reads a stream up to a line that contains <paramref name="awaited"/>. Then sends a poll, which takes over the session, and returns
    /// all text that the stream sent. The method reads a line first, because a stream sends nothing if the poll takes over the session
    /// before the first write.
    /// </summary>
    public async Task<string> ReadAndTakeOverAsync(HttpResponseMessage stream, string awaited)
    {
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync());
        var read = new StringBuilder();
        while (!read.ToString().Contains(awaited, StringComparison.Ordinal))
            read.Append(await reader.ReadLineAsync().OrFail(awaited) ?? throw new AssertionException($"the stream ended before {awaited}: {read}")).Append('\n');
        await GetAsync("/poll");
        return read.Append(await reader.ReadToEndAsync().OrFail("the stream's end")).ToString();
    }

    public void Dispose() => _http.Dispose();

    private static ILookup<string, string> GetHeaders(HttpResponseMessage response) =>
        response.Headers.Concat(response.Content.Headers).SelectMany(header => header.Value, (header, value) => (header.Key, value)).ToLookup(pair => pair.Key, pair => pair.value);
}
