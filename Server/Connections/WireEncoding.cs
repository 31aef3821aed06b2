namespace RawSocketChat.Server.Connections;

/// <summary>
/// How a transport puts a frame on the wire: its framing and its format (JSON or text). The process has one instance for each
/// combination, because <see cref="EncodedMessage"/> uses the instance as the key of its cached bytes.
/// </summary>
public abstract class WireEncoding
{
    /// <summary>Returns the bytes of one frame, framing included; empty if the format does not show the frame.</summary>
    public abstract ReadOnlyMemory<byte> Encode(EncodedFrame frame);
}
