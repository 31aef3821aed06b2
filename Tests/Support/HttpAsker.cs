using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Support;

/// <summary>What a request was answered.</summary>
public sealed record HttpAnswer(int Status, string Body, ILookup<string, string> Headers)
{
    private ReadOnlyMemory<byte> Bytes => Encoding.UTF8.GetBytes(Body);

    /// <summary>Of a poll: the cursor to ask with next.</summary>
    public long Next => PollBatch.TryRead(Bytes, out var next, out _) ? next : throw new AssertionException($"{Status}, no poll's answer: {Body}");

    /// <summary>Of a poll.</summary>
    public IReadOnlyList<ServerFrame> Frames => PollBatch.TryRead(Bytes, out _, out var frames) ? Read(frames) : throw new AssertionException($"{Status}, no poll's answer: {Body}");

    /// <summary>Of a POST.</summary>
    public IReadOnlyList<ServerFrame> Answers => PollBatch.TryReadArray(Bytes, int.MaxValue, out var frames) ? Read(frames) : throw new AssertionException($"{Status}, no answers: {Body}");

    /// <summary>Where it was refused.</summary>
    public ChatError Error => ChatCodec.TryReadServer(Bytes.Span, out var frame) && frame is ErrorFrame error ? error.Error : throw new AssertionException($"{Status}, no error: {Body}");

    public ChatError ShouldBe(int status, string code)
    {
        Status.Should().Be(status, Body);
        Error.Code.Should().Be(code);
        return Error;
    }

    private static List<ServerFrame> Read(IEnumerable<ReadOnlyMemory<byte>> frames) =>
        [.. frames.Select(json => ChatCodec.TryReadServer(json.Span, out var frame) ? frame : throw new AssertionException($"no frame: {Encoding.UTF8.GetString(json.Span)}"))];
}

/// <summary>Asks one thing at a time over plain HTTP, with whatever headers a test is about.</summary>
public sealed class HttpAsker(int port, string? token = null) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port}"),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>The origin of the page that the server serves.</summary>
    public string Own => $"http://127.0.0.1:{port}";

    public string? Token { get; set; } = token;

    /// <summary>Begins a session of its own.</summary>
    public static async Task<HttpAsker> BeginAsync(int port, string? name = null)
    {
        var asker = new HttpAsker(port);
        var answer = await asker.PostAsync("/session", name is null ? """{"type":"hello"}""" : $$"""{"type":"hello","name":"{{name}}"}""");
        asker.Token = ChatCodec.TryReadServer(Encoding.UTF8.GetBytes(answer.Body), out var frame) && frame is WelcomeFrame welcome
            ? welcome.Session
            : throw new AssertionException(answer.Body);
        return asker;
    }

    public Task<HttpAnswer> GetAsync(string path, params (string Name, string Value)[] headers) => AskAsync(HttpMethod.Get, path, null, headers);

    public Task<HttpAnswer> PostAsync(string path, string body, params (string Name, string Value)[] headers) =>
        AskAsync(HttpMethod.Post, path, new ByteArrayContent(Encoding.UTF8.GetBytes(body)), headers);

    /// <summary>Posts to <c>/send</c>.</summary>
    public Task<HttpAnswer> SendAsync(string body) => PostAsync("/send", body);

    public async Task<HttpAnswer> AskAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var response = await OpenAsync(method, path, content, headers);
        var body = await response.Content.ReadAsStringAsync().OrFail($"the body of {path}");
        return new HttpAnswer((int)response.StatusCode, body, HeadersOf(response));
    }

    /// <summary>Asks, and leaves the body to be read.</summary>
    public async Task<HttpResponseMessage> OpenAsync(HttpMethod method, string path, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content };
        if (Token is not null && !headers.Any(header => header.Name is "Authorization" or "Cookie"))
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Token}");
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                content?.Headers.TryAddWithoutValidation(name, value);
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).OrFail($"an answer of {path}");
    }

    /// <summary>Reads a stream to a line that shows what is waited for, has a poll take over, and gives all that came: a stream that is taken over before it has written gets nothing.</summary>
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

    private static ILookup<string, string> HeadersOf(HttpResponseMessage response) =>
        response.Headers.Concat(response.Content.Headers).SelectMany(header => header.Value, (header, value) => (header.Key, value)).ToLookup(pair => pair.Key, pair => pair.value);
}
