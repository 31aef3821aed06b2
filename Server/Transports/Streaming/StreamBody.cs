using System.Buffers;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Streaming;

/// <summary>The format of one kind of endless response body. Each response has its own instance.</summary>
internal abstract class StreamBody
{
    /// <summary>The name of the transport, for logs.</summary>
    public abstract string TransportName { get; }

    public abstract string ContentType { get; }

    /// <summary>Bytes after which the server ends the body; the client then opens a new stream.</summary>
    public virtual long MaxBytes => long.MaxValue;

    /// <summary>Sets the headers that only this kind of body needs.</summary>
    public virtual void SetHeaders(IHeaderDictionary headers)
    {
    }

    /// <summary>Writes the bytes before the first frame.</summary>
    /// <param name="output">The response.</param>
    /// <param name="cursor">The cursor that confirms everything before the first frame.</param>
    public virtual void WriteHead(IBufferWriter<byte> output, long cursor)
    {
    }

    /// <summary>Writes the bytes before the close message of a request that was taken over.</summary>
    public virtual void WriteTakeover(IBufferWriter<byte> output)
    {
    }

    /// <summary>Writes one frame.</summary>
    /// <param name="output">The response.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="cursor">The cursor that confirms the frame; null for a frame that no cursor counts.</param>
    public abstract void Write(IBufferWriter<byte> output, EncodedFrame frame, long? cursor);

    /// <summary>Writes bytes that the client ignores.</summary>
    public abstract void WriteKeepAlive(IBufferWriter<byte> output);
}
