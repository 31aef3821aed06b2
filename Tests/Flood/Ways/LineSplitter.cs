using System.Buffers;

namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>Bytes as they come, cut anywhere, to lines. A line that came whole is not copied.</summary>
internal sealed class LineSplitter
{
    private readonly ArrayBufferWriter<byte> _pending = new();
    private bool _isGiven;

    /// <summary>The next line, without its end. False: all of <paramref name="bytes"/> was taken, and no line is complete.</summary>
    /// <param name="bytes">What came; what is left of it afterwards.</param>
    /// <param name="line">Valid until the next call.</param>
    public bool TryLine(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> line)
    {
        if (_isGiven)
        {
            _pending.ResetWrittenCount();
            _isGiven = false;
        }
        var end = bytes.IndexOf((byte)'\n');
        if (end < 0)
        {
            _pending.Write(bytes);
            bytes = default;
            line = default;
            return false;
        }
        line = bytes[..end];
        bytes = bytes[(end + 1)..];
        if (_pending.WrittenCount > 0)
        {
            _pending.Write(line);
            line = _pending.WrittenSpan;
            _isGiven = true;
        }
        if (line is [.., (byte)'\r']) line = line[..^1];
        return true;
    }
}
