using System.Buffers;
using System.Text;
using RawSocketChat.Protocol.Compression;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>The client's side of the opening handshake over HTTP/1.1 (RFC 6455, 4.1).</summary>
public static class ClientHandshake
{
    /// <summary>The maximum size of the response's head, in bytes: twice the 8 KiB that servers usually allow for a head.</summary>
    internal const int MaxResponseBytes = 16 * 1024;

    private static ReadOnlySpan<byte> EndOfHead => "\r\n\r\n"u8;
    private static ReadOnlySpan<byte> StartOfHead => "HTTP/1.1 "u8;

    /// <summary>Writes the request that opens a WebSocket.</summary>
    /// <param name="output">The output.</param>
    /// <param name="host">The name of the server, with ":port" if the port is not the default of the scheme.</param>
    /// <param name="pathAndQuery">The escaped path and query. It begins with a slash.</param>
    /// <param name="key">A key from <see cref="HandshakeKey.Create"/>.</param>
    /// <param name="subprotocols">The offered subprotocols in order of preference.</param>
    /// <param name="headers">Further headers (Origin, Cookie).</param>
    /// <exception cref="ArgumentException">
    /// An argument would make the request invalid: a value contains a line end, a name is not a token, or the path does not begin with
    /// a slash.
    /// </exception>
    public static void WriteRequest(
        IBufferWriter<byte> output, string host, string pathAndQuery, string key,
        IReadOnlyList<string>? subprotocols = null, IEnumerable<KeyValuePair<string, string>>? headers = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(pathAndQuery);
        if (!pathAndQuery.StartsWith('/') || pathAndQuery.Any(c => c is <= ' ' or >= '\x7F'))
            throw new ArgumentException("the path must begin with a slash and be escaped ASCII", nameof(pathAndQuery));

        var request = new StringBuilder($"GET {pathAndQuery} HTTP/1.1\r\n");
        AppendHeader(request, "Host", host);
        AppendHeader(request, "Upgrade", ServerHandshake.Token);
        AppendHeader(request, "Connection", "Upgrade");
        AppendHeader(request, "Sec-WebSocket-Key", key);
        AppendHeader(request, "Sec-WebSocket-Version", ServerHandshake.Version);
        if (subprotocols is { Count: > 0 })
        {
            if (subprotocols.FirstOrDefault(name => !HeaderTokens.IsToken(name)) is { } bad)
                throw new ArgumentException($"\"{bad}\" is not a valid subprotocol name (RFC 6455, 4.1)", nameof(subprotocols));
            AppendHeader(request, "Sec-WebSocket-Protocol", string.Join(", ", subprotocols));
        }
        foreach (var (name, value) in headers ?? []) AppendHeader(request, name, value);
        request.Append("\r\n");
        output.Write(Encoding.Latin1.GetBytes(request.ToString()));
    }

    private static void AppendHeader(StringBuilder request, string name, string value)
    {
        if (!HeaderTokens.IsToken(name)) throw new ArgumentException($"\"{name}\" is not a valid header name", nameof(name));
        if (value is null || value.AsSpan().ContainsAny('\r', '\n', '\0'))
            throw new ArgumentException($"the value of {name} is missing or contains a line end", nameof(value));
        request.Append(name).Append(": ").Append(value).Append("\r\n");
    }

    /// <summary>Reads the server's answer. This method does not throw, whatever the input is.</summary>
    /// <param name="input">All bytes received so far.</param>
    /// <param name="key">The key that the client sent.</param>
    /// <param name="consumed">The size of the response's head in bytes; the bytes after it are frames. 0 if the head is incomplete.</param>
    /// <param name="subprotocol">The subprotocol that the server chose; null if none. The caller checks that it was offered (4.1).</param>
    /// <param name="fault">An error text; null if the answer is a valid 101 for this key.</param>
    /// <returns>False if more bytes are needed. True if the answer is complete, or is already known to be invalid.</returns>
    public static bool TryReadResponse(
        ReadOnlySpan<byte> input, string key, out int consumed, out string? subprotocol, out string? fault) =>
        TryReadResponse(input, key, [], out consumed, out subprotocol, out _, out fault);

    /// <summary>
    /// Reads the server's answer to a client that offered permessage-deflate. This method does not throw, whatever the input is.
    /// </summary>
    /// <param name="input">All bytes received so far.</param>
    /// <param name="key">The key that the client sent.</param>
    /// <param name="offers">The offers that the client passed to <see cref="DeflateNegotiation.FormatOffers"/>.</param>
    /// <param name="consumed">The size of the response's head in bytes; the bytes after it are frames. 0 if the head is incomplete.</param>
    /// <param name="subprotocol">The subprotocol that the server chose; null if none. The caller checks that it was offered (4.1).</param>
    /// <param name="deflate">The agreed parameters of permessage-deflate; null if messages are not compressed.</param>
    /// <param name="fault">
    /// An error text; null if the answer is a valid 101 for this key. An answer that matches no offer is invalid (RFC 7692, 7.1).
    /// </param>
    /// <returns>False if more bytes are needed. True if the answer is complete, or is already known to be invalid.</returns>
    public static bool TryReadResponse(
        ReadOnlySpan<byte> input, string key, IReadOnlyList<DeflateOffer> offers,
        out int consumed, out string? subprotocol, out DeflateParameters? deflate, out string? fault)
    {
        ArgumentNullException.ThrowIfNull(offers);
        consumed = 0;
        subprotocol = null;
        deflate = null;
        fault = null;

        var start = input[..Math.Min(input.Length, StartOfHead.Length)];
        if (!StartOfHead.StartsWith(start))
        {
            fault = "the answer is not HTTP/1.1";
            return true;
        }
        var end = input[..Math.Min(input.Length, MaxResponseBytes)].IndexOf(EndOfHead);
        if (end < 0)
        {
            if (input.Length < MaxResponseBytes) return false;
            fault = $"the answer's headers have more than {MaxResponseBytes} bytes";
            return true;
        }

        consumed = end + EndOfHead.Length;
        var lines = Encoding.Latin1.GetString(input[..end]).Split("\r\n");
        fault = ValidateResponse(lines, key, offers, out subprotocol, out deflate);
        return true;
    }

    private static string? ValidateResponse(
        string[] lines, string key, IReadOnlyList<DeflateOffer> offers, out string? subprotocol, out DeflateParameters? deflate)
    {
        subprotocol = null;
        deflate = null;

        // 4.1, 1: any status except 101 fails the handshake
        var status = lines[0][StartOfHead.Length..];
        if (status != "101" && !status.StartsWith("101 ", StringComparison.Ordinal)) return $"the server answered {status}";

        if (!TryReadHeaders(lines.AsSpan(1), out var headers, out var badLine))
            return $"the answer contains the line \"{badLine}\", which is not a header";
        // 4.1, 2 and 3
        if (!HeaderTokens.Contains(headers.GetValueOrDefault("Upgrade"), ServerHandshake.Token))
            return "the answer lacks \"Upgrade: websocket\"";
        if (!HeaderTokens.Contains(headers.GetValueOrDefault("Connection"), "Upgrade"))
            return "the answer lacks \"Connection: Upgrade\"";
        // 4.1, 4: the values of a repeated header are joined by a comma, so a repeated header never matches
        if (headers.GetValueOrDefault("Sec-WebSocket-Accept") != HandshakeKey.ComputeAccept(key))
            return "Sec-WebSocket-Accept does not match the key";
        // 4.1, 5
        if (DeflateNegotiation.ReadAnswer(headers.GetValueOrDefault(DeflateNegotiation.Header), offers, out deflate) is { } bad) return bad;
        // 4.1, 6: exactly one name
        if (headers.TryGetValue("Sec-WebSocket-Protocol", out var chosen))
        {
            if (!HeaderTokens.IsToken(chosen)) return $"\"{chosen}\" is not exactly one subprotocol";
            subprotocol = chosen;
        }
        return null;
    }

    /// <summary>Reads the headers by name, ignoring case. The values of a repeated header are joined by commas (RFC 9110, 5.3).</summary>
    private static bool TryReadHeaders(ReadOnlySpan<string> lines, out Dictionary<string, string> headers, out string? badLine)
    {
        headers = new(StringComparer.OrdinalIgnoreCase);
        badLine = null;
        foreach (var line in lines)
        {
            var colon = line.IndexOf(':');
            if (colon < 0 || !HeaderTokens.IsToken(line[..colon]))
            {
                badLine = line;
                return false;
            }
            var name = line[..colon];
            var value = line[(colon + 1)..].Trim(' ', '\t');
            headers[name] = headers.TryGetValue(name, out var earlier) ? $"{earlier}, {value}" : value;
        }
        return true;
    }
}
