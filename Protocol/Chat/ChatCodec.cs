using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// Reads and writes frames as bytes. Reading never throws, whatever the bytes are. Thread-safe. Protocol/README.md specifies the
/// frames.
/// </summary>
public static class ChatCodec
{
    private static readonly JsonWriterOptions Options = new()
    {
        // Text stays readable in wscat: this encoder escapes only what JSON requires (quotes, backslashes, control characters).
        // Code that puts a frame into HTML must escape it for HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    // A thread keeps its buffer for the next frame, unless a large frame has made the buffer bigger than this size.
    private const int MaxCachedBytes = 64 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? CachedBuffer;

    /// <summary>
    /// Reads one client frame. A frame that begins with <c>{</c> (after an optional byte order mark and blanks) is JSON; any other frame is
    /// a typed line. If the result is false, <paramref name="error"/> is the error to send. <paramref name="id"/> is the id for the
    /// answer. If the frame has no id or an invalid id, the answer has no id.
    /// </summary>
    public static bool TryReadClient(ReadOnlySpan<byte> utf8, out ClientFrame frame, out FrameId id, out ChatError error)
    {
        if (utf8.StartsWith("\uFEFF"u8))
            utf8 = utf8[3..];
        // Skip leading blanks. Otherwise a pasted {"type":"login",… with a blank before it would be posted as a message.
        var trimmed = utf8.TrimStart(" \t\r\n"u8);
        if (trimmed.StartsWith("{"u8))
            return ClientFrameReader.TryRead(trimmed, out frame, out id, out error);
        id = default;
        if (System.Text.Unicode.Utf8.IsValid(utf8))
            return CommandLine.TryRead(Encoding.UTF8.GetString(utf8), out frame, out error);
        frame = null!;
        error = new ChatError(ErrorCode.BadFrame, "the line is not valid UTF-8", Commands.Get(ClientFrameType.Say).Example);
        return false;
    }

    /// <summary>
    /// Reads a <c>say</c> that a program posts over HTTP: a JSON object with the fields of <c>say</c> except the type. The results have the same
    /// meaning as those of <see cref="TryReadClient"/>.
    /// </summary>
    public static bool TryReadSay(ReadOnlySpan<byte> utf8, out ClientFrame frame, out FrameId id, out ChatError error)
    {
        var trimmed = utf8.TrimStart(" \t\r\n"u8);
        if (trimmed.StartsWith("{"u8))
            return ClientFrameReader.TryRead(trimmed, out frame, out id, out error, FrameSpecs.Get(ClientFrameType.Say));
        (frame, id) = (null!, default);
        error = new ChatError(ErrorCode.BadJson, "the body must be a JSON object with a text", "{\"text\":\"disk is full\"}");
        return false;
    }

    /// <summary>Writes one frame as JSON, without a delimiter. The JSON never contains a newline or a NUL.</summary>
    public static void Write(IBufferWriter<byte> output, ServerFrame frame)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(frame);
        using var writer = new Utf8JsonWriter(output, Options);
        ServerFrameWriter.Write(writer, frame);
    }

    /// <summary>Encodes a server frame as JSON. The caller owns the array.</summary>
    public static byte[] Encode(ServerFrame frame)
    {
        var buffer = RentBuffer();
        Write(buffer, frame);
        return CopyAndReturn(buffer);
    }

    /// <summary>Encodes the record of an uploaded file as JSON: the answer to an upload. The caller owns the array.</summary>
    public static byte[] Encode(AttachedFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var buffer = RentBuffer();
        using (var writer = new Utf8JsonWriter(buffer, Options))
            ServerFrameWriter.Write(writer, file);
        return CopyAndReturn(buffer);
    }

    /// <summary>
    /// Reads a server frame. Returns false if the bytes are not a valid server frame, or have a type that this version does not know. A client
    /// ignores such frames.
    /// </summary>
    public static bool TryReadServer(ReadOnlySpan<byte> utf8, out ServerFrame frame) => ServerFrameReader.TryRead(utf8, out frame);

    /// <summary>Encodes a client frame as JSON. The caller owns the array.</summary>
    public static byte[] Encode(ClientFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var buffer = RentBuffer();
        using (var writer = new Utf8JsonWriter(buffer, Options))
            ClientFrameWriter.Write(writer, frame);
        return CopyAndReturn(buffer);
    }

    private static ArrayBufferWriter<byte> RentBuffer()
    {
        var buffer = CachedBuffer ?? new ArrayBufferWriter<byte>(512);
        CachedBuffer = null;
        buffer.ResetWrittenCount();
        return buffer;
    }

    private static byte[] CopyAndReturn(ArrayBufferWriter<byte> buffer)
    {
        var bytes = buffer.WrittenSpan.ToArray();
        if (buffer.Capacity <= MaxCachedBytes)
            CachedBuffer = buffer;
        return bytes;
    }
}
