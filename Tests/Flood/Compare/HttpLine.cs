using System.Globalization;
using System.Net;
using System.Text;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>As much of HTTP/1.1 as a chat client needs: one request after another over one kept connection (RFC 9112).</summary>
/// <param name="connect">Makes a connection, where there is none.</param>
/// <param name="host">What requests name the server.</param>
/// <param name="traffic">Counts the requests.</param>
internal sealed class HttpLine(Func<CancellationToken, Task<CountedLine>> connect, string host, Traffic traffic) : IDisposable
{
    private CountedLine? _line;

    public HttpLine(IPEndPoint server, string host, Traffic traffic)
        : this(cancel => CountedLine.ConnectAsync(server, traffic, cancel), host, traffic)
    {
    }

    /// <summary>Who asks; null until a session was begun.</summary>
    public string? Token { get; set; }

    /// <summary>Asks, and gives the whole body.</summary>
    /// <exception cref="FloodException">The answer is not 200.</exception>
    public async Task<byte[]> AskAsync(string method, string path, string? body, CancellationToken cancel)
    {
        var length = await OpenAsync(method, path, body, cancel);
        var answer = length < 0 ? await ReadChunksAsync(cancel) : (await _line!.ReadAsync(length, cancel)).ToArray();
        if (Headers.TryGetValue("Connection", out var connection) && connection.Equals("close", StringComparison.OrdinalIgnoreCase))
            Cut();
        return answer;
    }

    /// <summary>Asks, and leaves the body, which comes in chunks, to <see cref="ReadChunkAsync"/>.</summary>
    /// <returns>The body's length; -1 where it comes in chunks.</returns>
    public async Task<int> OpenAsync(string method, string path, string? body, CancellationToken cancel)
    {
        _line ??= await connect(cancel);
        traffic.Requested();
        var request = new StringBuilder($"{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
        if (Token is not null)
            request.Append(CultureInfo.InvariantCulture, $"Authorization: Bearer {Token}\r\n");
        if (body is not null)
            request.Append(CultureInfo.InvariantCulture, $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n");
        await _line.SendAsync(request.Append("\r\n").Append(body).ToString(), cancel);

        var status = Text(await LineAsync(cancel));
        Headers.Clear();
        while (await LineAsync(cancel) is { Length: > 0 } header)
        {
            var parts = Text(header).Split(':', 2);
            Headers[parts[0]] = parts.ElementAtOrDefault(1)?.Trim() ?? "";
        }

        if (!status.Contains(" 200 ", StringComparison.Ordinal))
        {
            var refusal = Headers.ContainsKey("Content-Length") ? Text(await _line.ReadAsync(BodyLength, cancel)) : "";
            throw new FloodException($"{method} {path}: {status} {refusal}");
        }

        return Headers.ContainsKey("Content-Length") ? BodyLength : -1;
    }

    private int BodyLength => int.TryParse(Headers["Content-Length"], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
        ? length
        : throw new FloodException($"no length: {Headers["Content-Length"]}");

    /// <summary>Of the answer that came last.</summary>
    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The next chunk, valid until the next call; empty at the body's end (RFC 9112, section 7.1).</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadChunkAsync(CancellationToken cancel)
    {
        var line = Text(await LineAsync(cancel));
        if (!int.TryParse(line, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size) || size < 0)
            throw new FloodException($"no chunk's size: {line}");
        var chunk = await _line!.ReadAsync(size + 2, cancel);
        return chunk[..size];
    }

    /// <summary>Cuts the connection; the next request makes another.</summary>
    public void Cut()
    {
        _line?.Dispose();
        _line = null;
    }

    public void Dispose() => Cut();

    private async Task<byte[]> ReadChunksAsync(CancellationToken cancel)
    {
        var body = new MemoryStream();
        while (await ReadChunkAsync(cancel) is { Length: > 0 } chunk)
            body.Write(chunk.Span);
        return body.ToArray();
    }

    private async ValueTask<ReadOnlyMemory<byte>> LineAsync(CancellationToken cancel) =>
        await _line!.ReadLineAsync(cancel) ?? throw new IOException("the server ended the stream where an answer was due");

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
