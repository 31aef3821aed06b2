using System.Buffers.Binary;

namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

internal enum FrameKind
{
    Text,
    Ping,
    Close,
    Other,
}

/// <summary>
/// Goes from frame to frame of what a server sent. It checks nothing (the peers are no strangers, and RFC 6455 is tested elsewhere), which makes it cheap; a
/// message in fragments is put together, because a number may be cut by them.
/// </summary>
internal sealed class FrameWalk
{
    private byte[] _fragments = [];
    private int _gathered;

    /// <summary>Takes one frame from the front of <paramref name="bytes"/>; false where it is not there to its end. A fragment is <see cref="FrameKind.Other"/> until the last.</summary>
    public bool TryNext(ref ReadOnlySpan<byte> bytes, out FrameKind kind, out ReadOnlySpan<byte> payload)
    {
        kind = FrameKind.Other;
        payload = default;
        if (bytes.Length < 2)
            return false;
        var (header, length) = (2, bytes[1] & 0x7F);
        if (length == 126)
        {
            if (bytes.Length < 4)
                return false;
            (header, length) = (4, BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]));
        }
        else if (length == 127)
        {
            if (bytes.Length < 10)
                return false;
            (header, length) = (10, (int)BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]));
        }

        if (bytes.Length - header < length)
            return false;
        var first = bytes[0];
        payload = bytes.Slice(header, length);
        bytes = bytes[(header + length)..];
        kind = Kind(first, ref payload);
        return true;
    }

    private FrameKind Kind(byte first, ref ReadOnlySpan<byte> payload)
    {
        switch (first & 0x0F)
        {
            case 0x9: return FrameKind.Ping;
            case 0x8: return FrameKind.Close;
            case 0xA: return FrameKind.Other;
        }

        // The usual case: a message in one frame.
        var isFinal = (first & 0x80) != 0;
        if (isFinal && _gathered == 0)
            return FrameKind.Text;
        if (_fragments.Length < _gathered + payload.Length)
            Array.Resize(ref _fragments, Math.Max(4096, 2 * (_gathered + payload.Length)));
        payload.CopyTo(_fragments.AsSpan(_gathered));
        _gathered += payload.Length;
        if (!isFinal)
            return FrameKind.Other;
        payload = _fragments.AsSpan(0, _gathered);
        _gathered = 0;
        return FrameKind.Text;
    }
}
