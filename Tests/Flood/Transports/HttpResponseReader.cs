using System.Buffers;
using System.Globalization;
using System.Text;

namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>The parts of a response that <see cref="HttpResponseReader"/> reports.</summary>
internal enum HttpResponsePart
{
    /// <summary>Status and headers are complete.</summary>
    Head,

    /// <summary>A part of the body.</summary>
    Body,

    /// <summary>The response is complete; the next one may follow.</summary>
    End,
}

/// <summary>
/// Parses HTTP/1.1 responses (RFC 9112), which may arrive in pieces of any size. A body has a Content-Length or is chunked. The reader
/// performs no I/O.
/// </summary>
internal sealed class HttpResponseReader
{
    private enum State { Head, Fixed, ChunkSize, Chunk, ChunkEnd, Trailer, End }

    private const int MaxHeadBytes = 32 * 1024;
    private readonly LineSplitter _lines = new();
    private State _state;
    private long _remaining;
    private int _headBytes;
    private bool _hasStatus;

    /// <summary>The status of the current response.</summary>
    public int Status { get; private set; }

    /// <summary>The headers of the current response.</summary>
    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads the next part. Returns false when all of <paramref name="bytes"/> is consumed.</summary>
    /// <param name="bytes">The received bytes; after the call, the unread rest.</param>
    /// <param name="part">The part that was read.</param>
    /// <param name="body">With <see cref="HttpResponsePart.Body"/>, a slice of the received bytes.</param>
    /// <exception cref="FloodException">The bytes are not HTTP/1.1, or a length is invalid.</exception>
    public bool TryRead(ref ReadOnlySpan<byte> bytes, out HttpResponsePart part, out ReadOnlySpan<byte> body)
    {
        body = default;
        while (true)
        {
            switch (_state)
            {
                case State.Fixed or State.Chunk when _remaining > 0:
                    if (bytes.IsEmpty)
                    {
                        part = default;
                        return false;
                    }
                    body = bytes[..(int)Math.Min(_remaining, bytes.Length)];
                    bytes = bytes[body.Length..];
                    _remaining -= body.Length;
                    part = HttpResponsePart.Body;
                    return true;
                case State.Chunk:
                    _state = State.ChunkEnd;
                    continue;
                case State.Fixed or State.End:
                    _state = State.Head;
                    part = HttpResponsePart.End;
                    return true;
            }

            if (!_lines.TryReadLine(ref bytes, out var line))
            {
                part = default;
                return false;
            }
            if (ProcessLine(line))
            {
                part = HttpResponsePart.Head;
                return true;
            }
        }
    }

    // Returns true when the head is complete.
    private bool ProcessLine(ReadOnlySpan<byte> line)
    {
        switch (_state)
        {
            case State.Head when !_hasStatus:
                ParseStatus(Encoding.Latin1.GetString(line));
                return false;
            case State.Head when line.IsEmpty:
                _hasStatus = false;
                StartBody();
                return true;
            case State.Head:
                if ((_headBytes += line.Length) > MaxHeadBytes) throw new FloodException($"headers of more than {MaxHeadBytes} bytes");
                var header = Encoding.Latin1.GetString(line).Split(':', 2);
                Headers[header[0]] = header.ElementAtOrDefault(1)?.Trim() ?? "";
                return false;
            case State.ChunkSize:
                _remaining = ParseNumber(Encoding.Latin1.GetString(line), NumberStyles.AllowHexSpecifier);
                _state = _remaining > 0 ? State.Chunk : State.Trailer;
                return false;
            case State.ChunkEnd:
                _state = State.ChunkSize;
                return false;
            default: // Trailer
                if (line.IsEmpty) _state = State.End;
                return false;
        }
    }

    private void ParseStatus(string line)
    {
        if (line.Length < 12 || !line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal)) throw new FloodException($"not an HTTP/1.1 response: {line}");
        Status = (int)ParseNumber(line[9..12], NumberStyles.None);
        Headers.Clear();
        _headBytes = 0;
        _hasStatus = true;
    }

    private void StartBody()
    {
        if (Headers.TryGetValue("Content-Length", out var length))
            (_state, _remaining) = (State.Fixed, ParseNumber(length, NumberStyles.None));
        else if (Headers.TryGetValue("Transfer-Encoding", out var coding) && coding.Equals("chunked", StringComparison.OrdinalIgnoreCase))
            _state = State.ChunkSize;
        else
            (_state, _remaining) = (State.Fixed, 0);
    }

    private static long ParseNumber(string text, NumberStyles style) =>
        long.TryParse(text, style, CultureInfo.InvariantCulture, out var number) && number >= 0
            ? number
            : throw new FloodException($"invalid length: {text}");
}
