using System.Globalization;
using System.Net;
using System.Text;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>A minimal HTTP/1.1 client: one request after another over a kept-alive connection (RFC 9112).</summary>
/// <param name="connect">Opens a connection if none is open.</param>
/// <param name="host">The value of the Host header.</param>
/// <param name="traffic">Counts the requests.</param>
internal sealed class HttpRequester(Func<CancellationToken, Task<CountingConnection>> connect, string host, Traffic traffic) : IDisposable
{
    private CountingConnection? _connection;

    public HttpRequester(IPEndPoint server, string host, Traffic traffic)
        : this(cancel => CountingConnection.ConnectAsync(server, traffic, cancel), host, traffic)
    {
    }

    /// <summary>The token of the session; null before it exists.</summary>
    public string? Token { get; set; }

    /// <summary>Sends a request and reads the whole body.</summary>
    /// <exception cref="FloodException">The status is not 200.</exception>
    public async Task<byte[]> RequestAsync(string method, string path, string? body, CancellationToken cancel)
    {
        var length = await SendRequestAsync(method, path, body, cancel);
        var answer = length < 0 ? await ReadChunksAsync(cancel) : (await _connection!.ReadAsync(length, cancel)).ToArray();
        if (Headers.TryGetValue("Connection", out var connection) && connection.Equals("close", StringComparison.OrdinalIgnoreCase))
            Cut();
        return answer;
    }

    /// <summary>Sends a request and reads the head of the response. Call <see cref="ReadChunkAsync"/> to read a chunked body.</summary>
    /// <returns>The length of the body, or -1 if it is chunked.</returns>
    public async Task<int> SendRequestAsync(string method, string path, string? body, CancellationToken cancel)
    {
        _connection ??= await connect(cancel);
        traffic.AddRequest();
        var request = new StringBuilder($"{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
        if (Token is not null)
            request.Append(CultureInfo.InvariantCulture, $"Authorization: Bearer {Token}\r\n");
        if (body is not null)
            request.Append(CultureInfo.InvariantCulture, $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n");
        await _connection.SendAsync(request.Append("\r\n").Append(body).ToString(), cancel);

        var status = ToText(await ReadLineAsync(cancel));
        Headers.Clear();
        while (await ReadLineAsync(cancel) is { Length: > 0 } header)
        {
            var parts = ToText(header).Split(':', 2);
            Headers[parts[0]] = parts.ElementAtOrDefault(1)?.Trim() ?? "";
        }

        if (!status.Contains(" 200 ", StringComparison.Ordinal))
        {
            var reason = Headers.ContainsKey("Content-Length") ? ToText(await _connection.ReadAsync(BodyLength, cancel)) : "";
            throw new FloodException($"{method} {path}: {status} {reason}");
        }

        return Headers.ContainsKey("Content-Length") ? BodyLength : -1;
    }

    private int BodyLength => int.TryParse(Headers["Content-Length"], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
        ? length
        : throw new FloodException($"invalid length: {Headers["Content-Length"]}");

    /// <summary>The headers of the last response.</summary>
    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads the next chunk; empty at the end of the body (RFC 9112, section 7.1). The chunk is valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadChunkAsync(CancellationToken cancel)
    {
        var line = ToText(await ReadLineAsync(cancel));
        if (!int.TryParse(line, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size) || size < 0)
            throw new FloodException($"invalid chunk size: {line}");
        var chunk = await _connection!.ReadAsync(size + 2, cancel);
        return chunk[..size];
    }

    /// <summary>Aborts the connection. The next request opens a new one.</summary>
    public void Cut()
    {
        _connection?.Dispose();
        _connection = null;
    }

    public void Dispose() => Cut();

    private async Task<byte[]> ReadChunksAsync(CancellationToken cancel)
    {
        var body = new MemoryStream();
        while (await ReadChunkAsync(cancel) is { Length: > 0 } chunk)
            body.Write(chunk.Span);
        return body.ToArray();
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadLineAsync(CancellationToken cancel) =>
        await _connection!.ReadLineAsync(cancel) ?? throw new IOException("the server ended the stream before the response");

    private static string ToText(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
