using System.Buffers;

namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>Splits received bytes into lines. A line that arrives in one piece is not copied.</summary>
internal sealed class LineSplitter
{
    private readonly ArrayBufferWriter<byte> _pending = new();
    private bool _isReturned;

    /// <summary>Reads the next line, without its line end. Returns false when all of <paramref name="bytes"/> is consumed and no line is complete.</summary>
    /// <param name="bytes">The received bytes; after the call, the unread rest.</param>
    /// <param name="line">Valid until the next call.</param>
    public bool TryReadLine(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> line)
    {
        if (_isReturned)
        {
            _pending.ResetWrittenCount();
            _isReturned = false;
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
            _isReturned = true;
        }
        if (line is [.., (byte)'\r']) line = line[..^1];
        return true;
    }
}
