using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.SingleSignOn;

/// <summary>Tests of logins with a provider. Each test has its own provider and its own servers.</summary>
public abstract class LoginFixture
{
    private readonly List<IAsyncDisposable> _opened = [];

    protected TestProvider Provider { get; private set; } = null!;

    [SetUp]
    public async Task StartProvider() => Provider = await TestProvider.StartAsync();

    [TearDown]
    public async Task Stop()
    {
        foreach (var one in Enumerable.Reverse(_opened))
            await one.DisposeAsync();
        _opened.Clear();
        await Provider.DisposeAsync();
    }

    protected T Own<T>(T one)
        where T : IAsyncDisposable
    {
        _opened.Add(one);
        return one;
    }

    protected async Task<ServerUnderTest> StartAsync(params string[] settings) => Own(await ServerUnderTest.StartAsync([.. Provider.Settings, .. settings]));
}

/// <summary>A browser without a page: it keeps cookies, and follows redirects one by one.</summary>
internal sealed class RedirectFollower : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    /// <summary>
    /// The cookies by host (without the port), path and name. The class does not use .NET's CookieContainer, because that class rejects a
    /// cookie for a path below the requested path.
    /// </summary>
    public Dictionary<(string Host, string Path, string Name), string> Cookies { get; } = [];

    /// <summary>Opens an address and follows redirects until an answer is not a redirect, or the redirect leads to the page of a chat server.</summary>
    public async Task<(int Status, string Body, Uri? Location, string[] SetCookies)> OpenAsync(string address, params (string Name, string Value)[] headers)
    {
        var next = new Uri(address);
        while (true)
        {
            var (status, body, location, cookies) = await GetAsync(next.AbsoluteUri, headers);
            if (location is null || location.Fragment.Length > 0)
                return (status, body, location, cookies);
            next = location;
        }
    }

    /// <summary>Opens one address.</summary>
    public async Task<(int Status, string Body, Uri? Location, string[] SetCookies)> GetAsync(string address, params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(HttpMethod.Get, address, null, headers);
        var location = response.Headers.Location is { } given ? new Uri(new Uri(address), given) : null;
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(), location, response.Headers.TryGetValues("Set-Cookie", out var cookies) ? [.. cookies] : []);
    }

    /// <summary>Sends a hello frame to a server, and returns the answer. A welcome frame shows the user of the cookie's session.</summary>
    public async Task<ServerFrame> HelloAsync(string server)
    {
        using var content = new StringContent("""{"type":"hello"}""");
        using var response = await SendAsync(HttpMethod.Post, $"{server}/session", content);
        return ChatCodec.TryReadServer(await response.Content.ReadAsByteArrayAsync(), out var frame) ? frame : throw new AssertionException("no frame");
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string address, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, address) { Content = content };
        var uri = request.RequestUri!;
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        var sent = Cookies.Where(cookie => cookie.Key.Host == uri.Host && IsBelow(uri.AbsolutePath, cookie.Key.Path)).Select(cookie => $"{cookie.Key.Name}={cookie.Value}").ToList();
        if (sent.Count > 0)
            request.Headers.TryAddWithoutValidation("Cookie", string.Join("; ", sent));
        var response = await _http.SendAsync(request).OrFail(address);
        foreach (var line in response.Headers.TryGetValues("Set-Cookie", out var set) ? set : [])
            Store(uri.Host, line);
        return response;
    }

    private void Store(string host, string line)
    {
        var parts = line.Split("; ");
        var (name, value) = (parts[0].Split('=', 2)[0], parts[0].Split('=', 2)[1]);
        var path = parts.First(part => part.StartsWith("path=", StringComparison.OrdinalIgnoreCase))["path=".Length..];
        if (parts.Any(part => part.StartsWith("expires=Thu, 01 Jan 1970", StringComparison.OrdinalIgnoreCase)))
            Cookies.Remove((host, path, name));
        else
            Cookies[(host, path, name)] = value;
    }

    // RFC 6265, section 5.1.4.
    private static bool IsBelow(string path, string cookiePath) =>
        path == cookiePath || (path.StartsWith(cookiePath, StringComparison.Ordinal) && (cookiePath.EndsWith('/') || path[cookiePath.Length] == '/'));
}
