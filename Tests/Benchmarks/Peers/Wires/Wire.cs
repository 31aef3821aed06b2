using System.Buffers;
using System.Text;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Benchmarks.Peers.Load;

namespace RawSocketChat.Tests.Benchmarks.Peers.Wires;

/// <summary>
/// The protocol of one peer: the WebSocket's path, the messages that subscribe a connection, the encoding of a publication, and the
/// answers that a client must send. A delivery is recognized in the same way for all peers: see <see cref="MessageNumber"/>.
/// </summary>
internal abstract class Wire
{
    /// <summary>Returns the path of a connection's WebSocket. The publisher connects before all other connections.</summary>
    public abstract string GetPath(int connection, bool publishes);

    /// <summary>Returns the text messages that a client sends when the WebSocket is open.</summary>
    public virtual IEnumerable<string> CreateHello(int connection, bool publishes) => [];

    /// <summary>Whether a connection is subscribed as soon as its WebSocket is open.</summary>
    public virtual bool IsReadyAtOnce => false;

    /// <summary>Returns whether a server message says that the connection is now subscribed.</summary>
    public virtual bool IsReady(ReadOnlySpan<byte> payload) => payload.IndexOf("ready"u8) >= 0;

    /// <summary>Returns the answer to a message that is not a delivery, or null for none.</summary>
    public virtual string? GetAnswer(ReadOnlySpan<byte> payload) => null;

    /// <summary>Returns whether a message that is not a delivery reports an error.</summary>
    public virtual bool IsError(ReadOnlySpan<byte> payload) => false;

    /// <summary>
    /// Encodes a publication: returns the bytes that the load sends to publish <paramref name="text"/>. These bytes must contain the text
    /// unchanged, because the load replaces the number in the text.
    /// </summary>
    public virtual byte[] EncodePublication(string text) => EncodeFrame(CreateMessage(text));

    /// <summary>Whether publications are HTTP requests on a separate connection.</summary>
    public virtual bool PublishesByHttp => false;

    /// <summary>Creates the payload of a publication.</summary>
    protected abstract string CreateMessage(string text);

    /// <summary>
    /// Encodes a client frame with the masking key zero, which leaves the payload unchanged. So the load can encode a publication once and
    /// then replace only the message number. A server treats the key zero like any other key.
    /// </summary>
    public static byte[] EncodeFrame(string payload) => EncodeFrame(Opcode.Text, Encoding.UTF8.GetBytes(payload));

    public static byte[] EncodeFrame(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        var frame = new ArrayBufferWriter<byte>();
        FrameWriter.Write(frame, opcode, payload, maskingKey: 0);
        return frame.WrittenSpan.ToArray();
    }
}
