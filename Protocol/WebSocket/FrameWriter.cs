using System.Buffers;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>
/// Frames without a connection: a message that goes to everybody is framed once, and its bytes serve every
/// connection of the server role, which masks nothing (RFC 6455, 5.1).
/// </summary>
public static class FrameWriter
{
    // As much as is asked of the output at once: what pipes and pools hand out without making anything new.
    private const int ChunkBytes = 4096;

    /// <summary>The size in bytes of the header of an unmasked frame: 2, 4 or 10.</summary>
    /// <param name="payloadLength">In bytes, 0 or more.</param>
    public static int HeaderSize(int payloadLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(payloadLength);
        return FrameHeader.UnmaskedSize(payloadLength);
    }

    /// <summary>One final, unmasked frame.</summary>
    /// <param name="opcode">A known one.</param>
    /// <param name="payload">Is not changed.</param>
    /// <param name="compressed">Whether the payload is what a <see cref="MessageDeflater"/> made of a message.</param>
    /// <exception cref="ArgumentException">A reserved opcode, or a control frame of over 125 bytes (5.5) or compressed.</exception>
    public static byte[] Frame(Opcode opcode, ReadOnlySpan<byte> payload, bool compressed = false)
    {
        Check(opcode, payload.Length, final: true, compressed);
        var header = new FrameHeader(opcode, Final: true, payload.Length, MaskingKey: null, compressed);
        var frame = new byte[header.Size + payload.Length];
        payload.CopyTo(frame.AsSpan(header.Write(frame)));
        return frame;
    }

    /// <summary>Writes one frame.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="opcode">A known one.</param>
    /// <param name="payload">Unmasked; is not changed.</param>
    /// <param name="maskingKey">
    /// The key in network order (37 FA 21 3D is 0x37FA213D), new and random for every frame of a client; null: unmasked.
    /// </param>
    /// <param name="final">False: fragments of the same message follow (5.4).</param>
    /// <param name="compressed">
    /// Whether the message that begins here is what a <see cref="MessageDeflater"/> made of one, in this frame or in fragments.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A reserved opcode, a control frame of over 125 bytes or in fragments (5.5), or one that is compressed and does not
    /// begin a message (RFC 7692, 6.1).
    /// </exception>
    public static void Write(
        IBufferWriter<byte> output, Opcode opcode, ReadOnlySpan<byte> payload, uint? maskingKey = null, bool final = true,
        bool compressed = false)
    {
        ArgumentNullException.ThrowIfNull(output);
        Check(opcode, payload.Length, final, compressed);

        var header = new FrameHeader(opcode, final, payload.Length, maskingKey, compressed);
        output.Advance(header.Write(output.GetSpan(FrameHeader.MaxSize)));

        // 5.3: the key's phase runs on through the payload, wherever the output cuts it.
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

    private static void Check(Opcode opcode, int length, bool final, bool compressed)
    {
        if (!Enum.IsDefined(opcode))
            throw new ArgumentException($"opcode {(byte)opcode} is reserved (RFC 6455, 5.2)", nameof(opcode));
        if (compressed && opcode is not (Opcode.Text or Opcode.Binary))
            throw new ArgumentException("only the first frame of a message says that it is compressed (RFC 7692, 6.1)", nameof(compressed));
        if (!FrameHeader.IsControl(opcode)) return;
        if (length > FrameHeader.MaxShortLength)
            throw new ArgumentException($"a control frame has at most 125 bytes, not {length} (RFC 6455, 5.5)", nameof(length));
        if (!final)
            throw new ArgumentException("a control frame is never in fragments (RFC 6455, 5.5)", nameof(final));
    }
}
