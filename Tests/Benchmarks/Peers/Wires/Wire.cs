using System.Buffers;
using System.Text;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Benchmarks.Peers.Load;

namespace RawSocketChat.Tests.Benchmarks.Peers.Wires;

/// <summary>
/// How one peer is spoken to: where its WebSocket is, what is said until a connection gets every message, how one is published, and what else a client owes.
/// How a delivery is recognised is the same for all: <see cref="Stamp"/>.
/// </summary>
internal abstract class Wire
{
    /// <summary>The path of the WebSocket. The one that publishes connects first, and alone.</summary>
    public abstract string Path(int connection, bool publishes);

    /// <summary>What a client says as soon as the WebSocket is open: payloads of text messages.</summary>
    public virtual IEnumerable<string> Hello(int connection, bool publishes) => [];

    /// <summary>Whether a connection gets every message as soon as its WebSocket is open.</summary>
    public virtual bool IsReadyAtOnce => false;

    /// <summary>Whether a message from the server says that from now on this connection gets every message.</summary>
    public virtual bool IsReady(ReadOnlySpan<byte> payload) => payload.IndexOf("ready"u8) >= 0;

    /// <summary>What is to be answered to a message that is no delivery; null: nothing.</summary>
    public virtual string? Answer(ReadOnlySpan<byte> payload) => null;

    /// <summary>Whether a message that is no delivery is a sign that something went wrong.</summary>
    public virtual bool IsComplaint(ReadOnlySpan<byte> payload) => false;

    /// <summary>A publication as it goes over the wire, with its text (and the text's number) in it.</summary>
    public virtual byte[] Publication(string text) => Frame(Message(text));

    /// <summary>Whether publications are HTTP requests on a connection beside the subscribers'.</summary>
    public virtual bool PublishesByHttp => false;

    /// <summary>The payload of a publication.</summary>
    protected abstract string Message(string text);

    /// <summary>
    /// A client's frame. Its masking key is zero, which masks nothing: so the frame is made once, and only the number in it changes. To the server it is a key like any other.
    /// </summary>
    public static byte[] Frame(string payload) => Frame(Opcode.Text, Encoding.UTF8.GetBytes(payload));

    public static byte[] Frame(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        var frame = new ArrayBufferWriter<byte>();
        FrameWriter.Write(frame, opcode, payload, maskingKey: 0);
        return frame.WrittenSpan.ToArray();
    }
}
