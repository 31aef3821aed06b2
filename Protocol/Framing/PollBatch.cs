using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace RawSocketChat.Protocol.Framing;

/// <summary>
/// The answer to a poll: <c>{"next":M,"frames":[…]}</c>. <c>next</c> is the cursor for the next request. This cursor confirms the frames.
/// </summary>
public static class PollBatch
{
    // This reader does not limit the nesting depth, because the depth of each frame is checked later, when this frame is read. A deeply nested body
    // costs this reader only one bit for each level.
    private static readonly JsonReaderOptions AnyDepth = new() { MaxDepth = int.MaxValue };

    private static readonly ReadOnlyMemory<byte> ArrayStart = "["u8.ToArray();
    private static readonly ReadOnlyMemory<byte> Separator = ","u8.ToArray();
    private static readonly ReadOnlyMemory<byte> ArrayEnd = "]"u8.ToArray();

    /// <summary>Writes the answer to a poll.</summary>
    /// <param name="output">The output.</param>
    /// <param name="next">The cursor that confirms these frames.</param>
    /// <param name="frames">The frames as JSON.</param>
    public static void Write(IBufferWriter<byte> output, long next, IReadOnlyList<ReadOnlyMemory<byte>> frames)
    {
        output.Write("{\"next\":"u8);
        WriteNumber(output, next);
        output.Write(",\"frames\":"u8);
        WriteArray(output, frames);
        output.Write("}"u8);
    }

    /// <summary>Writes an array of frames that are already JSON: the answer to a posted array.</summary>
    public static void WriteArray(IBufferWriter<byte> output, IReadOnlyList<ReadOnlyMemory<byte>> frames)
    {
        foreach (var part in GetArrayParts(frames))
            output.Write(part.Span);
    }

    /// <summary>Returns the array that <see cref="WriteArray"/> writes, in parts. The parts are not copied.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> GetArrayParts(IReadOnlyList<ReadOnlyMemory<byte>> frames)
    {
        var parts = new List<ReadOnlyMemory<byte>>((2 * frames.Count) + 2) { ArrayStart };
        for (var i = 0; i < frames.Count; i++)
        {
            if (i > 0)
                parts.Add(Separator);
            parts.Add(frames[i]);
        }

        parts.Add(ArrayEnd);
        return parts;
    }

    /// <summary>Reads the answer to a poll.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="next">The cursor for the next request.</param>
    /// <param name="frames">The frames, as slices of <paramref name="body"/>.</param>
    /// <returns>False if the body is not an answer to a poll.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> body, out long next, out IReadOnlyList<ReadOnlyMemory<byte>> frames)
    {
        (next, frames) = (0, []);
        var (hasNext, hasFrames) = (false, false);
        try
        {
            var reader = new Utf8JsonReader(body.Span, AnyDepth);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("next"u8))
                    hasNext = reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out next);
                else if (reader.ValueTextEquals("frames"u8))
                    hasFrames = reader.Read() && TryReadArray(ref reader, body, int.MaxValue, out frames);
                else
                    reader.Skip();
            }

            return !reader.Read() && hasNext && hasFrames;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Reads a JSON array with elements of any kind.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="maxElements">The maximum number of elements.</param>
    /// <param name="elements">The JSON of each element, as slices of <paramref name="body"/>.</param>
    /// <returns>False if the body is not a JSON array, or has more than <paramref name="maxElements"/> elements.</returns>
    public static bool TryReadArray(ReadOnlyMemory<byte> body, int maxElements, out IReadOnlyList<ReadOnlyMemory<byte>> elements)
    {
        elements = [];
        try
        {
            var reader = new Utf8JsonReader(body.Span, AnyDepth);
            return reader.Read() && TryReadArray(ref reader, body, maxElements, out elements) && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool TryReadArray(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, int maxElements, out IReadOnlyList<ReadOnlyMemory<byte>> elements)
    {
        var found = new List<ReadOnlyMemory<byte>>();
        elements = found;
        if (reader.TokenType != JsonTokenType.StartArray)
            return false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (found.Count == maxElements)
                return false;
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            found.Add(body[start..(int)reader.BytesConsumed]);
        }

        return true;
    }

    internal static void WriteNumber(IBufferWriter<byte> output, long number)
    {
        Utf8Formatter.TryFormat(number, output.GetSpan(20), out var written);
        output.Advance(written);
    }
}
