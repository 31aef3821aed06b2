namespace RawSocketChat.Protocol.Framing;

/// <summary>
/// Frames on raw TCP: each ends in a newline or in NUL, whichever the peer uses first. From then on only that one is a
/// delimiter, and the other an ordinary byte. Never throws on any input; nothing is rented while no line is under way.
/// </summary>
public sealed class LineFraming : IDisposable
{
    private const byte CarriageReturn = (byte)'\r';

    private readonly int _maxLineBytes;
    private PooledBytes _line;
    private bool _lineIsOut;    // the last call returned it: no longer valid at the next
    private bool _dropping;     // the rest of a line that was too long

    /// <summary>The state at a connection's start.</summary>
    /// <param name="maxLineBytes">
    /// The most bytes that a line may have, without its delimiter and the carriage return before that; 0 or more.
    /// </param>
    public LineFraming(int maxLineBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxLineBytes);
        _maxLineBytes = maxLineBytes;
    }

    /// <summary>What ends the peer's frames; null until the first delimiter was seen.</summary>
    public LineDelimiter? Delimiter { get; private set; }

    /// <summary>Whether a part of a line has come (or of one that is being dropped), and its delimiter has not.</summary>
    public bool IsMidLine => _dropping || (_line.Count > 0 && !_lineIsOut);

    /// <summary>What has come of the line under way; empty where it is being dropped. Valid until the next call, or Dispose.</summary>
    public ReadOnlySpan<byte> Begun => _lineIsOut ? default : _line.Memory.Span;

    /// <summary>Whether nothing of the pool is held (for the tests).</summary>
    internal bool HoldsNothing => !_line.IsRented;

    /// <summary>Takes what has come, up to and including the next line's delimiter.</summary>
    /// <param name="input">Bytes as they come, cut anywhere; never kept.</param>
    /// <param name="consumed">How many of them were taken. TooLong: up to the byte that was one too many.</param>
    /// <param name="line">
    /// Line: its bytes, without the delimiter; in newline mode without one carriage return at the end. TooLong: its beginning,
    /// as far as the limit. Valid until the next call, or Dispose.
    /// </param>
    /// <returns>NeedMore: all was taken. Else call again with the rest.</returns>
    public LineResult TryReceive(ReadOnlySpan<byte> input, out int consumed, out ReadOnlyMemory<byte> line)
    {
        if (_lineIsOut) Dispose();
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

        // The longest line that can be right: the limit, a carriage return that will be dropped, the newline.
        var window = rest[..(int)Math.Min(rest.Length, _maxLineBytes + 2L - _line.Count)];
        var end = IndexOfDelimiter(window);
        var content = end < 0 ? window : window[..end];

        // Of the byte after the limit only a carriage return can still be right, and after that no further byte.
        var atLimit = _maxLineBytes - _line.Count;      // -1: that carriage return is held already
        if (content.Length > atLimit && atLimit >= 0 && !MayBeDropped(content[atLimit])) return Drop(content[..(atLimit + 1)], ref consumed, out line);
        if (content.Length > atLimit + 1) return Drop(content[..(atLimit + 2)], ref consumed, out line);

        content.CopyTo(_line.Extend(content.Length, Math.Max(_maxLineBytes, _maxLineBytes + 1)));
        consumed += content.Length;
        if (end < 0) return LineResult.NeedMore;

        consumed++;
        Delimiter ??= (LineDelimiter)window[end];
        var whole = _line.Memory;
        if (!whole.IsEmpty && MayBeDropped(whole.Span[^1])) whole = whole[..^1];
        _lineIsOut = true;
        // Too long: a carriage return after the limit, and then the first delimiter of all was a NUL.
        var isTooLong = whole.Length > _maxLineBytes;
        line = isTooLong ? whole[.._maxLineBytes] : whole;
        return isTooLong ? LineResult.TooLong : LineResult.Line;
    }

    private LineResult Drop(ReadOnlySpan<byte> taken, ref int consumed, out ReadOnlyMemory<byte> line)
    {
        consumed += taken.Length;
        var kept = taken[..Math.Clamp(_maxLineBytes - _line.Count, 0, taken.Length)];
        kept.CopyTo(_line.Extend(kept.Length, _maxLineBytes));
        line = _line.Memory[..Math.Min(_line.Count, _maxLineBytes)];
        _lineIsOut = true;
        _dropping = true;
        return LineResult.TooLong;
    }

    private bool MayBeDropped(byte b) => b == CarriageReturn && Delimiter != LineDelimiter.Nul;

    private int IndexOfDelimiter(ReadOnlySpan<byte> bytes) => Delimiter is { } delimiter
        ? bytes.IndexOf((byte)delimiter)
        : bytes.IndexOfAny((byte)LineDelimiter.Newline, (byte)LineDelimiter.Nul);

    /// <summary>A frame: the payload, which has to be free of the delimiter, and the delimiter.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> payload, LineDelimiter delimiter)
    {
        var frame = new byte[payload.Length + 1];
        payload.CopyTo(frame);
        frame[^1] = (byte)delimiter;
        return frame;
    }

    /// <summary>Gives the pooled buffer back and drops what was incomplete.</summary>
    public void Dispose()
    {
        _line.Release();
        _lineIsOut = false;
    }
}
