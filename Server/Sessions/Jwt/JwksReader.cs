using System.Net;

namespace RawSocketChat.Server.Sessions.Jwt;

/// <summary>Reads a JSON Web Key Set from a file or from an address.</summary>
internal sealed class JwksReader : IDisposable
{
    // A key takes about 1 KB, so a set of this size has more keys than any site needs.
    private const int MaxBytes = 256 * 1024;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly string _source;
    private readonly HttpClient? _client;

    /// <param name="source">A path or an address, for which <see cref="FindError"/> returns null.</param>
    public JwksReader(string source)
    {
        _source = source;
        // A redirect could lead to an address that the operator does not trust.
        if (FindAddress(source) is not null)
            _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = Timeout, MaxResponseContentBufferSize = MaxBytes };
    }

    /// <summary>Returns the reason why the server cannot use a path or an address; null if it can. Reads a file, but sends no request to an address.</summary>
    public static string? FindError(string source)
    {
        if (FindAddress(source) is { } address)
            return address.Scheme == Uri.UriSchemeHttps || address.IsLoopback ? null : "over http, anybody on the network path could replace the keys; set an https address";
        try
        {
            JwtKeys.Parse(ReadFile(source));
            return null;
        }
        catch (Exception fault) when (fault is FormatException)
        {
            return $"\"{source}\": {fault.Message}";
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return $"the file \"{source}\" cannot be read: {fault.Message}";
        }
    }

    /// <summary>Reads the key set.</summary>
    /// <exception cref="FormatException">The text is no key set, or has no usable key.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="HttpRequestException">The address does not answer with a key set of at most 256 KiB.</exception>
    /// <exception cref="OperationCanceledException">The address has not answered in time.</exception>
    public async Task<JwtKeys> ReadAsync() => JwtKeys.Parse(_client is null ? ReadFile(_source) : await FetchAsync(_client));

    public void Dispose() => _client?.Dispose();

    private async Task<string> FetchAsync(HttpClient client)
    {
        using var response = await client.GetAsync(new Uri(_source));
        if (response.StatusCode != HttpStatusCode.OK)
            throw new HttpRequestException($"the status is {(int)response.StatusCode}");
        return await response.Content.ReadAsStringAsync();
    }

    private static string ReadFile(string path) =>
        new FileInfo(path).Length <= MaxBytes ? File.ReadAllText(path) : throw new FormatException($"a key set has at most {MaxBytes} bytes");

    private static Uri? FindAddress(string source) =>
        Uri.TryCreate(source, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp) ? address : null;
}
