namespace RawSocketChat.Server.Operator;

/// <summary>Reads lines of bytes from a stream, with one line in memory at a time.</summary>
internal sealed class LineReader(Stream stream)
{
    /// <summary>Maximum length of a line in bytes. The longest line that an export can contain is several times shorter.</summary>
    public const int MaxBytes = 128 * 1024 * 1024;

    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>Number of the line that was read last. The first line has number 1.</summary>
    public long Number { get; private set; }

    /// <summary>
    /// Reads the next line, without its line end. The bytes are valid until the next call. Returns null after the last line.
    /// </summary>
    /// <exception cref="OperatorException">The line is longer than <see cref="MaxBytes"/>, or the stream cannot be read.</exception>
    public ReadOnlyMemory<byte>? Read()
    {
        Number++;
        var scanned = 0;
        while (true)
        {
            var end = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (end >= 0)
                return ConsumeLine(scanned + end, 1);
            scanned = _end - _start;
            if (Fill())
                continue;
            if (scanned > 0)
                return ConsumeLine(scanned, 0);
            return null;
        }
    }

    private ReadOnlyMemory<byte> ConsumeLine(int length, int delimiter)
    {
        var line = _buffer.AsMemory(_start, length);
        _start += length + delimiter;
        return line;
    }

    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            if (_end >= MaxBytes)
                throw new OperatorException($"line {Number}: the line is longer than {MaxBytes} bytes");
            Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, MaxBytes));
        }

        try
        {
            var count = stream.Read(_buffer, _end, _buffer.Length - _end);
            _end += count;
            return count > 0;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new OperatorException($"line {Number}: the file cannot be read: {fault.Message}");
        }
    }
}
