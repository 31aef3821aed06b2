namespace RawSocketChat.Server.Operator;

/// <summary>Reads lines of bytes, one in memory at a time.</summary>
internal sealed class LineReader(Stream stream)
{
    /// <summary>The most bytes of a line: several times what the longest frame can become.</summary>
    public const int MostBytes = 128 * 1024 * 1024;

    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>The number of the line that was read last; from 1.</summary>
    public long Number { get; private set; }

    /// <summary>The next line without its end, until the next call; null after the last.</summary>
    /// <exception cref="OperatorException">It is longer than <see cref="MostBytes"/>, or cannot be read.</exception>
    public ReadOnlyMemory<byte>? Read()
    {
        Number++;
        var scanned = 0;
        while (true)
        {
            var end = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (end >= 0)
                return Take(scanned + end, 1);
            scanned = _end - _start;
            if (Fill())
                continue;
            if (scanned > 0)
                return Take(scanned, 0);
            return null;
        }
    }

    private ReadOnlyMemory<byte> Take(int length, int delimiter)
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
            if (_end >= MostBytes)
                throw new OperatorException($"line {Number}: it has more than {MostBytes} bytes");
            Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, MostBytes));
        }

        try
        {
            var count = stream.Read(_buffer, _end, _buffer.Length - _end);
            _end += count;
            return count > 0;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new OperatorException($"line {Number}: cannot be read: {fault.Message}");
        }
    }
}
