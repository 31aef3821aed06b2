using System.Buffers;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Streaming;

/// <summary>How one kind of endless body says a frame. One instance for each response.</summary>
internal abstract class StreamBody
{
    /// <summary>The way's name, for logs and metrics.</summary>
    public abstract string Way { get; }

    public abstract string ContentType { get; }

    /// <summary>Bytes after which the body ends in the orderly way, and is asked for anew.</summary>
    public virtual long MostBytes => long.MaxValue;

    /// <summary>Headers of its own.</summary>
    public virtual void SetHeaders(IHeaderDictionary headers)
    {
    }

    /// <summary>What stands before the first frame.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="cursor">What confirms all before the first frame.</param>
    public virtual void WriteHead(IBufferWriter<byte> output, long cursor)
    {
    }

    /// <param name="output">Where it goes.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="cursor">What confirms it; null for one that no cursor does.</param>
    public abstract void Write(IBufferWriter<byte> output, OutboundFrame frame, long? cursor);

    /// <summary>Something that the peer ignores.</summary>
    public abstract void WriteKeepAlive(IBufferWriter<byte> output);
}
