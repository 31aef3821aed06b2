using System.Buffers;
using System.Globalization;
using System.Text;

namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>What <see cref="HttpResponseReader"/> found.</summary>
internal enum HttpPiece
{
    /// <summary>Status and headers are there.</summary>
    Head,

    /// <summary>Some of the body.</summary>
    Body,

    /// <summary>The answer is complete; the next one may begin.</summary>
    End,
}

/// <summary>
/// Answers of HTTP/1.1 out of bytes as they come (RFC 9112): those with a length and those in chunks, one after the other. No I/O.
/// </summary>
internal sealed class HttpResponseReader
{
    private enum State { Head, Fixed, ChunkSize, Chunk, ChunkEnd, Trailer, End }

    private const int MaxHeadBytes = 32 * 1024;
    private readonly LineSplitter _lines = new();
    private State _state;
    private long _left;
    private int _headBytes;
    private bool _hasStatus;

    /// <summary>Of the answer under way.</summary>
    public int Status { get; private set; }

    /// <summary>Of the answer under way.</summary>
    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The next piece. False: all of <paramref name="bytes"/> was taken.</summary>
    /// <param name="bytes">What came; what is left of it afterwards.</param>
    /// <param name="piece">What was found.</param>
    /// <param name="body">With <see cref="HttpPiece.Body"/> a slice of what came.</param>
    /// <exception cref="FloodException">No HTTP/1.1, or a body that this does not read.</exception>
    public bool TryRead(ref ReadOnlySpan<byte> bytes, out HttpPiece piece, out ReadOnlySpan<byte> body)
    {
        body = default;
        while (true)
        {
            switch (_state)
            {
                case State.Fixed or State.Chunk when _left > 0:
                    if (bytes.IsEmpty)
                    {
                        piece = default;
                        return false;
                    }
                    body = bytes[..(int)Math.Min(_left, bytes.Length)];
                    bytes = bytes[body.Length..];
                    _left -= body.Length;
                    piece = HttpPiece.Body;
                    return true;
                case State.Chunk:
                    _state = State.ChunkEnd;
                    continue;
                case State.Fixed or State.End:
                    _state = State.Head;
                    piece = HttpPiece.End;
                    return true;
            }

            if (!_lines.TryLine(ref bytes, out var line))
            {
                piece = default;
                return false;
            }
            if (TakeLine(line))
            {
                piece = HttpPiece.Head;
                return true;
            }
        }
    }

    // True: the head is complete.
    private bool TakeLine(ReadOnlySpan<byte> line)
    {
        switch (_state)
        {
            case State.Head when !_hasStatus:
                TakeStatus(Encoding.Latin1.GetString(line));
                return false;
            case State.Head when line.IsEmpty:
                _hasStatus = false;
                BeginBody();
                return true;
            case State.Head:
                if ((_headBytes += line.Length) > MaxHeadBytes) throw new FloodException($"headers of more than {MaxHeadBytes} bytes");
                var header = Encoding.Latin1.GetString(line).Split(':', 2);
                Headers[header[0]] = header.ElementAtOrDefault(1)?.Trim() ?? "";
                return false;
            case State.ChunkSize:
                _left = Number(Encoding.Latin1.GetString(line), NumberStyles.AllowHexSpecifier);
                _state = _left > 0 ? State.Chunk : State.Trailer;
                return false;
            case State.ChunkEnd:
                _state = State.ChunkSize;
                return false;
            default: // Trailer
                if (line.IsEmpty) _state = State.End;
                return false;
        }
    }

    private void TakeStatus(string line)
    {
        if (line.Length < 12 || !line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal)) throw new FloodException($"no HTTP/1.1: {line}");
        Status = (int)Number(line[9..12], NumberStyles.None);
        Headers.Clear();
        _headBytes = 0;
        _hasStatus = true;
    }

    private void BeginBody()
    {
        if (Headers.TryGetValue("Content-Length", out var length))
            (_state, _left) = (State.Fixed, Number(length, NumberStyles.None));
        else if (Headers.TryGetValue("Transfer-Encoding", out var coding) && coding.Equals("chunked", StringComparison.OrdinalIgnoreCase))
            _state = State.ChunkSize;
        else
            (_state, _left) = (State.Fixed, 0);
    }

    private static long Number(string text, NumberStyles style) =>
        long.TryParse(text, style, CultureInfo.InvariantCulture, out var number) && number >= 0
            ? number
            : throw new FloodException($"no length: {text}");
}
