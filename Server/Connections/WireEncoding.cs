namespace RawSocketChat.Server.Connections;

/// <summary>
/// How one way in puts a frame on the wire: its framing and its format (JSON or text). There is one instance for each
/// combination in the process, since <see cref="Outbound"/> keys its cached bytes by the instance.
/// </summary>
public abstract class WireEncoding
{
    /// <summary>The bytes of one frame, framing included; empty where this format shows nothing of it.</summary>
    public abstract ReadOnlyMemory<byte> Encode(OutboundFrame frame);
}
