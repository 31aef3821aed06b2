using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// The frames as bytes, both ways. Reading never throws, whatever the bytes are. Thread-safe. What the frames mean stands in
/// Protocol/README.md.
/// </summary>
public static class ChatCodec
{
    private static readonly JsonWriterOptions Options = new()
    {
        // Text stays readable in wscat: only what JSON itself demands is escaped (quotes, backslashes, control characters).
        // Who puts a frame into HTML has to escape it there.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    // A thread's buffer is kept for its next frame unless one frame blew it up to more than this.
    private const int MaxKeptBuffer = 64 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? KeptBuffer;

    /// <summary>
    /// Reads one frame: JSON where it begins with <c>{</c> (a BOM and blanks before it are passed over), else a typed line.
    /// On false: the error to answer with, and the id to answer under, wherever one could be read.
    /// </summary>
    public static bool TryReadClient(ReadOnlySpan<byte> utf8, out ClientFrame frame, out FrameId id, out ChatError error)
    {
        if (utf8.StartsWith("\uFEFF"u8))
            utf8 = utf8[3..];
        // A pasted {"type":"login",… with a blank before it must not be said aloud.
        var inked = utf8.TrimStart(" \t\r\n"u8);
        if (inked.StartsWith("{"u8))
            return ClientFrameReader.TryRead(inked, out frame, out id, out error);
        id = default;
        if (System.Text.Unicode.Utf8.IsValid(utf8))
            return CommandLine.TryRead(Encoding.UTF8.GetString(utf8), out frame, out error);
        frame = null!;
        error = new ChatError(ErrorCode.BadFrame, "this is not UTF-8", Commands.Of(ClientFrameType.Say).Example);
        return false;
    }

    /// <summary>Writes one frame as JSON, without a delimiter; it never holds a newline or a NUL.</summary>
    public static void Write(IBufferWriter<byte> output, ServerFrame frame)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(frame);
        using var writer = new Utf8JsonWriter(output, Options);
        ServerFrameWriter.Write(writer, frame);
    }

    /// <summary>One frame as JSON; the array is the caller's.</summary>
    public static byte[] Encode(ServerFrame frame)
    {
        var buffer = Rent();
        Write(buffer, frame);
        return TakeAndKeep(buffer);
    }

    /// <summary>
    /// Reads a frame of the server. False for what is no such frame, and for types that this version does not know: a client
    /// passes over those.
    /// </summary>
    public static bool TryReadServer(ReadOnlySpan<byte> utf8, out ServerFrame frame) => ServerFrameReader.TryRead(utf8, out frame);

    /// <summary>A client's frame as JSON; the array is the caller's.</summary>
    public static byte[] Encode(ClientFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var buffer = Rent();
        using (var writer = new Utf8JsonWriter(buffer, Options))
            ClientFrameWriter.Write(writer, frame);
        return TakeAndKeep(buffer);
    }

    private static ArrayBufferWriter<byte> Rent()
    {
        var buffer = KeptBuffer ?? new ArrayBufferWriter<byte>(512);
        KeptBuffer = null;
        buffer.ResetWrittenCount();
        return buffer;
    }

    private static byte[] TakeAndKeep(ArrayBufferWriter<byte> buffer)
    {
        var bytes = buffer.WrittenSpan.ToArray();
        if (buffer.Capacity <= MaxKeptBuffer)
            KeptBuffer = buffer;
        return bytes;
    }
}
