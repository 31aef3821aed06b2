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
/// Splits a server's bytes into frames. It trusts the server and checks nothing, which saves time. It joins the fragments of a message,
/// because a message number may be split between two fragments.
/// </summary>
internal sealed class FrameScanner
{
    private byte[] _fragments = [];
    private int _fragmentBytes;

    /// <summary>
    /// Reads one frame from the start of <paramref name="bytes"/>. Returns false if the frame is incomplete. The last fragment of a message
    /// returns the whole message. Earlier fragments have the kind <see cref="FrameKind.Other"/>.
    /// </summary>
    public bool TryRead(ref ReadOnlySpan<byte> bytes, out FrameKind kind, out ReadOnlySpan<byte> payload)
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
        kind = GetKind(first, ref payload);
        return true;
    }

    private FrameKind GetKind(byte first, ref ReadOnlySpan<byte> payload)
    {
        switch (first & 0x0F)
        {
            case 0x9: return FrameKind.Ping;
            case 0x8: return FrameKind.Close;
            case 0xA: return FrameKind.Other;
        }

        // The most frequent case: a message in one frame.
        var isFinal = (first & 0x80) != 0;
        if (isFinal && _fragmentBytes == 0)
            return FrameKind.Text;
        if (_fragments.Length < _fragmentBytes + payload.Length)
            Array.Resize(ref _fragments, Math.Max(4096, 2 * (_fragmentBytes + payload.Length)));
        payload.CopyTo(_fragments.AsSpan(_fragmentBytes));
        _fragmentBytes += payload.Length;
        if (!isFinal)
            return FrameKind.Other;
        payload = _fragments.AsSpan(0, _fragmentBytes);
        _fragmentBytes = 0;
        return FrameKind.Text;
    }
}
