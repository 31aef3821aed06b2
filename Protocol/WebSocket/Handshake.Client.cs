using System.Buffers;
using System.Text;

namespace RawSocketChat.Protocol.WebSocket;

// The client's side of the handshake (RFC 6455, 4.1).
public static partial class Handshake
{
    /// <summary>The longest response head that is waited for, in bytes: twice what servers commonly send at most.</summary>
    internal const int MaxResponseBytes = 16 * 1024;

    private static ReadOnlySpan<byte> EndOfHead => "\r\n\r\n"u8;
    private static ReadOnlySpan<byte> StartOfHead => "HTTP/1.1 "u8;

    /// <summary>Writes the request that asks for a WebSocket.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="host">The server's name, with ":port" where that is not the scheme's own.</param>
    /// <param name="pathAndQuery">Begins with a slash; already escaped.</param>
    /// <param name="key">A <see cref="NewKey"/>.</param>
    /// <param name="subprotocols">What the client would speak, best first.</param>
    /// <param name="headers">Further ones (Origin, Cookie).</param>
    /// <exception cref="ArgumentException">
    /// Something that would break the request: a line end in a value, a name that is no token, a path without a slash.
    /// </exception>
    public static void WriteRequest(
        IBufferWriter<byte> output, string host, string pathAndQuery, string key,
        IReadOnlyList<string>? subprotocols = null, IEnumerable<KeyValuePair<string, string>>? headers = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(pathAndQuery);
        if (!pathAndQuery.StartsWith('/') || pathAndQuery.Any(c => c is <= ' ' or >= '\x7F'))
            throw new ArgumentException("a path begins with a slash, and is escaped ASCII", nameof(pathAndQuery));

        var request = new StringBuilder($"GET {pathAndQuery} HTTP/1.1\r\n");
        AppendHeader(request, "Host", host);
        AppendHeader(request, "Upgrade", "websocket");
        AppendHeader(request, "Connection", "Upgrade");
        AppendHeader(request, "Sec-WebSocket-Key", key);
        AppendHeader(request, "Sec-WebSocket-Version", Version);
        if (subprotocols is { Count: > 0 })
        {
            if (subprotocols.FirstOrDefault(name => !HeaderTokens.IsToken(name)) is { } bad)
                throw new ArgumentException($"\"{bad}\" can't be a subprotocol's name (RFC 6455, 4.1)", nameof(subprotocols));
            AppendHeader(request, "Sec-WebSocket-Protocol", string.Join(", ", subprotocols));
        }
        foreach (var (name, value) in headers ?? []) AppendHeader(request, name, value);
        request.Append("\r\n");
        output.Write(Encoding.Latin1.GetBytes(request.ToString()));
    }

    private static void AppendHeader(StringBuilder request, string name, string value)
    {
        if (!HeaderTokens.IsToken(name)) throw new ArgumentException($"\"{name}\" can't be a header's name", nameof(name));
        if (value is null || value.AsSpan().ContainsAny('\r', '\n', '\0'))
            throw new ArgumentException($"the value of {name} has a line's end in it, or is missing", nameof(value));
        request.Append(name).Append(": ").Append(value).Append("\r\n");
    }

    /// <summary>Reads the server's answer. Whatever comes: it does not throw.</summary>
    /// <param name="input">All that has come so far, from its first byte on.</param>
    /// <param name="key">The key that was sent.</param>
    /// <param name="consumed">The size of the response's head, what follows it are already frames; 0 where no head is complete.</param>
    /// <param name="subprotocol">What the server chose; null: none. Whether it had been offered is the caller's to check (4.1).</param>
    /// <param name="fault">Null where it is a right 101 for this key; else what is wrong with it.</param>
    /// <returns>False: more bytes are needed. True: the answer is complete, or can't become a right one.</returns>
    public static bool TryReadResponse(
        ReadOnlySpan<byte> input, string key, out int consumed, out string? subprotocol, out string? fault) =>
        TryReadResponse(input, key, [], out consumed, out subprotocol, out _, out fault);

    /// <summary>The same for a client that offered permessage-deflate.</summary>
    /// <param name="input">All that has come so far, from its first byte on.</param>
    /// <param name="key">The key that was sent.</param>
    /// <param name="offers">What <see cref="DeflateNegotiation.Offer"/> was given.</param>
    /// <param name="consumed">As above.</param>
    /// <param name="subprotocol">As above.</param>
    /// <param name="deflate">What holds from now on; null: nothing is compressed.</param>
    /// <param name="fault">As above; also where the answer is to no offer (RFC 7692, 7.1).</param>
    /// <returns>As above.</returns>
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
            fault = $"the answer's headers take over {MaxResponseBytes} bytes";
            return true;
        }

        consumed = end + EndOfHead.Length;
        var lines = Encoding.Latin1.GetString(input[..end]).Split("\r\n");
        fault = CheckResponse(lines, key, offers, out subprotocol, out deflate);
        return true;
    }

    private static string? CheckResponse(
        string[] lines, string key, IReadOnlyList<DeflateOffer> offers, out string? subprotocol, out DeflateParameters? deflate)
    {
        subprotocol = null;
        deflate = null;

        // 4.1, 1: any other status is not a WebSocket
        var status = lines[0][StartOfHead.Length..];
        if (status != "101" && !status.StartsWith("101 ", StringComparison.Ordinal)) return $"the server answered {status}";

        if (!TryReadHeaders(lines.AsSpan(1), out var headers, out var badLine))
            return $"the answer has the line \"{badLine}\", which is no header";
        // 4.1, 2 and 3
        if (!HeaderTokens.Contains(headers.GetValueOrDefault("Upgrade"), "websocket"))
            return "the answer lacks \"Upgrade: websocket\"";
        if (!HeaderTokens.Contains(headers.GetValueOrDefault("Connection"), "Upgrade"))
            return "the answer lacks \"Connection: Upgrade\"";
        // 4.1, 4: a value given twice is joined by a comma, and so never right
        if (headers.GetValueOrDefault("Sec-WebSocket-Accept") != AcceptFor(key))
            return "Sec-WebSocket-Accept is not the one for this key";
        // 4.1, 5
        if (DeflateNegotiation.Accept(headers.GetValueOrDefault(DeflateNegotiation.Header), offers, out deflate) is { } bad) return bad;
        // 4.1, 6: one name
        if (headers.TryGetValue("Sec-WebSocket-Protocol", out var chosen))
        {
            if (!HeaderTokens.IsToken(chosen)) return $"\"{chosen}\" is not one subprotocol";
            subprotocol = chosen;
        }
        return null;
    }

    /// <summary>Headers by name, whatever its case; the values of a repeated one joined by commas (RFC 9110, 5.3).</summary>
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
