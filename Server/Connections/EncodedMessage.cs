namespace RawSocketChat.Server.Connections;

/// <summary>
/// One frame or several frames to send. The message is encoded once for each <see cref="WireEncoding"/>, when the first receiver needs it. All
/// receivers with this encoding share the bytes, which never change.
/// </summary>
public abstract class EncodedMessage
{
    private CacheEntry? _cache;

    /// <summary>
    /// Returns the bytes for one encoding. Thread-safe. If several threads need a new encoding at the same time, each of them may encode the message.
    /// </summary>
    public ReadOnlyMemory<byte> GetBytes(WireEncoding encoding)
    {
        for (var entry = Volatile.Read(ref _cache); entry is not null; entry = entry.Next)
        {
            if (ReferenceEquals(entry.Encoding, encoding))
                return entry.Bytes;
        }

        var bytes = Encode(encoding);
        Volatile.Write(ref _cache, new CacheEntry(encoding, bytes, _cache));
        return bytes;
    }

    protected abstract ReadOnlyMemory<byte> Encode(WireEncoding encoding);

    private sealed record CacheEntry(WireEncoding Encoding, ReadOnlyMemory<byte> Bytes, CacheEntry? Next);
}

/// <summary>One frame.</summary>
/// <param name="payload">
/// The payload before any framing. The frame owns these bytes. The caller must not change them after this call.
/// </param>
/// <param name="kind">Text (UTF-8) or binary.</param>
public sealed class EncodedFrame(ReadOnlyMemory<byte> payload, MessageKind kind = MessageKind.Text) : EncodedMessage
{
    // A frame and all its replacements share one Revision; null before the first replacement.
    private Revision? _revision;

    public ReadOnlyMemory<byte> Payload { get; } = payload;

    public MessageKind Kind { get; } = kind;

    /// <summary>
    /// The same frame without the session's token, for a peer whose session is in a cookie; null if the frame contains no token.
    /// </summary>
    public Lazy<EncodedFrame>? WithoutToken { get; init; }

    /// <summary>
    /// The newest replacement of this frame, or this frame itself if nothing has replaced it. An outbox that keeps a frame
    /// until the client asks for it must read this property when it sends the frame. Thread-safe.
    /// </summary>
    public EncodedFrame Current => Volatile.Read(ref _revision)?.Current ?? this;

    /// <summary>
    /// Replaces the frame in all outboxes that have not sent it yet, because its message was changed. Only one thread at a time may replace a
    /// frame.
    /// </summary>
    /// <param name="next">A new frame, which no outbox has yet.</param>
    public void ReplaceWith(EncodedFrame next)
    {
        var revision = _revision ?? new Revision();
        next._revision = revision;
        revision.Current = next;
        Volatile.Write(ref _revision, revision);
    }

    protected override ReadOnlyMemory<byte> Encode(WireEncoding encoding) => encoding.Encode(this);

    private sealed class Revision
    {
        private EncodedFrame? _current;

        public EncodedFrame? Current
        {
            get => Volatile.Read(ref _current);
            set => Volatile.Write(ref _current, value);
        }
    }
}

/// <summary>
/// Frames that are sent together, in order: one buffer and one write for each connection. Only the batch holds the encoded bytes. The objects in
/// <see cref="Frames"/> hold no encoded bytes. Rooms and outboxes keep them longer than the batch, and the memory limits there count only payloads.
/// </summary>
public sealed class EncodedBatch : EncodedMessage
{
    // Copies of the frames, which live only as long as the batch. A copy caches its bytes for each encoding, because one encoding may use the bytes
    // of another.
    private readonly EncodedFrame[] _copies;

    public EncodedBatch(IReadOnlyList<EncodedFrame> frames)
    {
        Frames = frames;
        _copies = new EncodedFrame[frames.Count];
        for (var i = 0; i < _copies.Length; i++)
            _copies[i] = new EncodedFrame(frames[i].Payload, frames[i].Kind);
    }

    public IReadOnlyList<EncodedFrame> Frames { get; }

    protected override ReadOnlyMemory<byte> Encode(WireEncoding encoding)
    {
        if (_copies.Length == 1)
            return _copies[0].GetBytes(encoding);

        var length = 0;
        foreach (var frame in _copies)
            length += frame.GetBytes(encoding).Length;

        var bytes = new byte[length];
        var written = 0;
        foreach (var frame in _copies)
        {
            var frameBytes = frame.GetBytes(encoding);
            frameBytes.CopyTo(bytes.AsMemory(written));
            written += frameBytes.Length;
        }

        return bytes;
    }
}
