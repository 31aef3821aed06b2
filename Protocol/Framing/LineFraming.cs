namespace RawSocketChat.Protocol.Framing;

/// <summary>
/// Splits the input of a raw TCP connection into frames. A frame ends with a newline or NUL. The peer's first delimiter becomes the
/// delimiter of the connection: after that, the other delimiter is an ordinary byte. This class does not throw, whatever the input is.
/// It holds a pooled buffer only while a line is incomplete, or while the caller may still use the returned line.
/// </summary>
public sealed class LineFraming : IDisposable
{
    private const byte CarriageReturn = (byte)'\r';

    private readonly int _maxLineBytes;
    private PooledBytes _line;
    private bool _lineReturned;    // the last call returned _line, so the next call releases it
    private bool _dropping;     // the rest of a line that is too long is being dropped

    /// <summary>Creates the state for a new connection.</summary>
    /// <param name="maxLineBytes">
    /// The maximum number of bytes in a line, 0 or more. The delimiter and a carriage return before it do not count.
    /// </param>
    public LineFraming(int maxLineBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxLineBytes);
        _maxLineBytes = maxLineBytes;
    }

    /// <summary>The delimiter of the peer's frames; null before the first delimiter.</summary>
    public LineDelimiter? Delimiter { get; private set; }

    /// <summary>Whether part of a line has arrived without its delimiter. This is also true while a line is being dropped.</summary>
    public bool IsMidLine => _dropping || (_line.Count > 0 && !_lineReturned);

    /// <summary>The bytes of the incomplete line; empty while a line is being dropped. Valid until the next call or Dispose.</summary>
    public ReadOnlySpan<byte> PartialLine => _lineReturned ? default : _line.Memory.Span;

    /// <summary>Whether this object holds no pooled buffer (for the tests).</summary>
    internal bool HoldsNoBuffer => !_line.IsRented;

    /// <summary>Reads the input up to and including the next delimiter.</summary>
    /// <param name="input">Received bytes, split anywhere. This class does not keep a reference to them.</param>
    /// <param name="consumed">The number of bytes read. For TooLong: the bytes up to and including the first byte beyond the limit.</param>
    /// <param name="line">
    /// For Line: the line without its delimiter. If the delimiter is a newline, a carriage return before it is also removed. For
    /// TooLong: the beginning of the line, up to the limit. Valid until the next call or Dispose.
    /// </param>
    /// <returns>
    /// NeedMore if all input was read and no line is complete. After any other result, the caller passes the rest of the input in a further call.
    /// </returns>
    public LineResult TryReceive(ReadOnlySpan<byte> input, out int consumed, out ReadOnlyMemory<byte> line)
    {
        if (_lineReturned) Dispose();
        line = default;
        consumed = 0;
        if (_dropping)
        {
            var end = IndexOfDelimiter(input);
            if (end < 0)
            {
                consumed = input.Length;
                return LineResult.NeedMore;
            }
            Delimiter ??= (LineDelimiter)input[end];
            _dropping = false;
            consumed = end + 1;
        }
        return ReadLine(input[consumed..], ref consumed, out line);
    }

    private LineResult ReadLine(ReadOnlySpan<byte> rest, ref int consumed, out ReadOnlyMemory<byte> line)
    {
        line = default;

        // The longest valid line: the limit, a carriage return that will be dropped, and the newline.
        var window = rest[..(int)Math.Min(rest.Length, _maxLineBytes + 2L - _line.Count)];
        var end = IndexOfDelimiter(window);
        var content = end < 0 ? window : window[..end];

        // A valid line can have only one byte after the limit: the carriage return before the newline.
        var atLimit = _maxLineBytes - _line.Count;      // -1: the buffer already holds that carriage return
        if (content.Length > atLimit && atLimit >= 0 && !IsOptionalCarriageReturn(content[atLimit])) return StartDropping(content[..(atLimit + 1)], ref consumed, out line);
        if (content.Length > atLimit + 1) return StartDropping(content[..(atLimit + 2)], ref consumed, out line);

        content.CopyTo(_line.Extend(content.Length, Math.Max(_maxLineBytes, _maxLineBytes + 1)));
        consumed += content.Length;
        if (end < 0) return LineResult.NeedMore;

        consumed++;
        Delimiter ??= (LineDelimiter)window[end];
        var whole = _line.Memory;
        if (!whole.IsEmpty && IsOptionalCarriageReturn(whole.Span[^1])) whole = whole[..^1];
        _lineReturned = true;
        // The buffer may hold one byte more than the limit: a carriage return. If the delimiter is a NUL, this byte belongs to the line, and the
        // line is too long.
        var isTooLong = whole.Length > _maxLineBytes;
        line = isTooLong ? whole[.._maxLineBytes] : whole;
        return isTooLong ? LineResult.TooLong : LineResult.Line;
    }

    private LineResult StartDropping(ReadOnlySpan<byte> taken, ref int consumed, out ReadOnlyMemory<byte> line)
    {
        consumed += taken.Length;
        var kept = taken[..Math.Clamp(_maxLineBytes - _line.Count, 0, taken.Length)];
        kept.CopyTo(_line.Extend(kept.Length, _maxLineBytes));
        line = _line.Memory[..Math.Min(_line.Count, _maxLineBytes)];
        _lineReturned = true;
        _dropping = true;
        return LineResult.TooLong;
    }

    private bool IsOptionalCarriageReturn(byte b) => b == CarriageReturn && Delimiter != LineDelimiter.Nul;

    private int IndexOfDelimiter(ReadOnlySpan<byte> bytes) => Delimiter is { } delimiter
        ? bytes.IndexOf((byte)delimiter)
        : bytes.IndexOfAny((byte)LineDelimiter.Newline, (byte)LineDelimiter.Nul);

    /// <summary>Creates a frame: the payload, which must not contain the delimiter, and the delimiter.</summary>
    public static byte[] CreateFrame(ReadOnlySpan<byte> payload, LineDelimiter delimiter)
    {
        var frame = new byte[payload.Length + 1];
        payload.CopyTo(frame);
        frame[^1] = (byte)delimiter;
        return frame;
    }

    /// <summary>Returns the pooled buffer and drops an incomplete line.</summary>
    public void Dispose()
    {
        _line.Release();
        _lineReturned = false;
    }
}
