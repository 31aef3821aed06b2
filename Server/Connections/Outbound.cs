namespace RawSocketChat.Server.Connections;

/// <summary>
/// Something to send, encoded at most once for each <see cref="WireEncoding"/>, whoever and however many receive it.
/// The bytes are shared by all receivers and never change.
/// </summary>
public abstract class Outbound
{
    private Encoded? _encoded;

    /// <summary>The bytes for one way in. Safe from any thread; a race costs one more encoding, never other bytes.</summary>
    public ReadOnlyMemory<byte> Wire(WireEncoding encoding)
    {
        for (var known = Volatile.Read(ref _encoded); known is not null; known = known.Next)
        {
            if (ReferenceEquals(known.Encoding, encoding))
                return known.Bytes;
        }

        var bytes = Encode(encoding);
        Volatile.Write(ref _encoded, new Encoded(encoding, bytes, _encoded));
        return bytes;
    }

    protected abstract ReadOnlyMemory<byte> Encode(WireEncoding encoding);

    private sealed record Encoded(WireEncoding Encoding, ReadOnlyMemory<byte> Bytes, Encoded? Next);
}

/// <summary>One message for clients.</summary>
/// <param name="payload">The payload before any framing; the frame owns it from here on.</param>
/// <param name="kind">Text (UTF-8) or binary.</param>
public sealed class OutboundFrame(ReadOnlyMemory<byte> payload, MessageKind kind = MessageKind.Text) : Outbound
{
    public ReadOnlyMemory<byte> Payload { get; } = payload;

    public MessageKind Kind { get; } = kind;

    protected override ReadOnlyMemory<byte> Encode(WireEncoding encoding) => encoding.Encode(this);
}

/// <summary>Frames that leave together, in order: one buffer and one write for each connection.</summary>
public sealed class OutboundBatch(IReadOnlyList<OutboundFrame> frames) : Outbound
{
    public IReadOnlyList<OutboundFrame> Frames { get; } = frames;

    protected override ReadOnlyMemory<byte> Encode(WireEncoding encoding)
    {
        if (Frames.Count == 1)
            return Frames[0].Wire(encoding);

        var length = 0;
        foreach (var frame in Frames)
            length += frame.Wire(encoding).Length;

        var bytes = new byte[length];
        var written = 0;
        foreach (var frame in Frames)
        {
            var wire = frame.Wire(encoding);
            wire.CopyTo(bytes.AsMemory(written));
            written += wire.Length;
        }

        return bytes;
    }
}
