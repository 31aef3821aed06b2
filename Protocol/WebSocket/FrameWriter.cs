using System.Buffers;
using RawSocketChat.Protocol.Compression;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>
/// Writes frames that do not depend on a connection. The server creates the frame of a broadcast message once. All connections of the server use
/// the same bytes, because a server does not mask its frames (RFC 6455, 5.1).
/// </summary>
public static class FrameWriter
{
    // The maximum number of bytes to request from the output in one call. Pipes and pools can provide this many bytes without a new allocation.
    private const int ChunkBytes = 4096;

    /// <summary>Returns the size of the header of an unmasked frame in bytes: 2, 4 or 10.</summary>
    /// <param name="payloadLength">The size of the payload in bytes, 0 or more.</param>
    public static int GetHeaderSize(int payloadLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(payloadLength);
        return FrameHeader.GetUnmaskedSize(payloadLength);
    }

    /// <summary>Creates one final, unmasked frame.</summary>
    /// <param name="opcode">The opcode; not a reserved one.</param>
    /// <param name="payload">The payload, which is not changed.</param>
    /// <param name="compressed">Whether the payload is the output of a <see cref="MessageDeflater"/>.</param>
    /// <exception cref="ArgumentException">
    /// The opcode is reserved, a control frame has more than 125 bytes (5.5), or a frame is marked as compressed but does not begin a message.
    /// </exception>
    public static byte[] CreateFrame(Opcode opcode, ReadOnlySpan<byte> payload, bool compressed = false)
    {
        Validate(opcode, payload.Length, final: true, compressed);
        var header = new FrameHeader(opcode, IsFinal: true, payload.Length, MaskingKey: null, compressed);
        var frame = new byte[header.Size + payload.Length];
        payload.CopyTo(frame.AsSpan(header.Write(frame)));
        return frame;
    }

    /// <summary>Writes one frame.</summary>
    /// <param name="output">The output.</param>
    /// <param name="opcode">The opcode; not a reserved one.</param>
    /// <param name="payload">The unmasked payload, which is not changed.</param>
    /// <param name="maskingKey">
    /// The masking key in network byte order (37 FA 21 3D is 0x37FA213D). A client needs a new random key for every frame. Null for an
    /// unmasked frame.
    /// </param>
    /// <param name="final">False if more fragments of the same message follow (5.4).</param>
    /// <param name="compressed">
    /// Whether this frame begins a compressed message. The payload of such a message, in one or several frames, is the output of a
    /// <see cref="MessageDeflater"/>.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The opcode is reserved, a control frame has more than 125 bytes or is fragmented (5.5), or a frame is marked as compressed but
    /// does not begin a message (RFC 7692, 6.1).
    /// </exception>
    public static void Write(
        IBufferWriter<byte> output, Opcode opcode, ReadOnlySpan<byte> payload, uint? maskingKey = null, bool final = true,
        bool compressed = false)
    {
        ArgumentNullException.ThrowIfNull(output);
        Validate(opcode, payload.Length, final, compressed);

        var header = new FrameHeader(opcode, final, payload.Length, maskingKey, compressed);
        output.Advance(header.Write(output.GetSpan(FrameHeader.MaxSize)));

        // 5.3: the position in the masking key continues through the whole payload, even if the output splits the payload.
        for (var done = 0; done < payload.Length;)
        {
            var space = output.GetSpan(Math.Min(payload.Length - done, ChunkBytes));
            var chunk = payload.Slice(done, Math.Min(payload.Length - done, space.Length));
            if (maskingKey is { } key) Masking.Apply(chunk, space, key, done % 4);
            else chunk.CopyTo(space);
            output.Advance(chunk.Length);
            done += chunk.Length;
        }
    }

    private static void Validate(Opcode opcode, int length, bool final, bool compressed)
    {
        if (!Enum.IsDefined(opcode))
            throw new ArgumentException($"opcode {(byte)opcode} is reserved (RFC 6455, 5.2)", nameof(opcode));
        if (compressed && opcode is not (Opcode.Text or Opcode.Binary))
            throw new ArgumentException("only the first frame of a message can be marked as compressed (RFC 7692, 6.1)", nameof(compressed));
        if (!FrameHeader.IsControl(opcode)) return;
        if (length > FrameHeader.MaxShortLength)
            throw new ArgumentException($"a control frame has at most 125 bytes, not {length} (RFC 6455, 5.5)", nameof(length));
        if (!final)
            throw new ArgumentException("a control frame cannot be fragmented (RFC 6455, 5.5)", nameof(final));
    }
}
