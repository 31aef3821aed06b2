using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace RawSocketChat.Protocol.Framing;

/// <summary>
/// What answers a poll: <c>{"next":M,"frames":[…]}</c>. <c>next</c> is the cursor to ask with next time; it confirms these frames.
/// </summary>
public static class PollBatch
{
    // How deep a frame may be is judged where it is read, by itself: what stands around it must not count. Whoever nests deeper gets
    // no further than a bit for each level.
    private static readonly JsonReaderOptions AnyDepth = new() { MaxDepth = int.MaxValue };

    /// <summary>Writes the answer to a poll.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="next">The cursor that confirms these frames.</param>
    /// <param name="frames">Each is JSON already.</param>
    public static void Write(IBufferWriter<byte> output, long next, IReadOnlyList<ReadOnlyMemory<byte>> frames)
    {
        output.Write("{\"next\":"u8);
        WriteNumber(output, next);
        output.Write(",\"frames\":"u8);
        WriteArray(output, frames);
        output.Write("}"u8);
    }

    /// <summary>An array of frames, each of which is JSON already: what answers a posted one.</summary>
    public static void WriteArray(IBufferWriter<byte> output, IReadOnlyList<ReadOnlyMemory<byte>> frames)
    {
        output.Write("["u8);
        for (var i = 0; i < frames.Count; i++)
        {
            if (i > 0)
                output.Write(","u8);
            output.Write(frames[i].Span);
        }

        output.Write("]"u8);
    }

    /// <summary>Reads such an answer. False: it is something else.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="next">The cursor to ask with next time.</param>
    /// <param name="frames">Slices of <paramref name="body"/>.</param>
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

    /// <summary>Reads an array of anything. False: the body is none, or not JSON, or has more elements than that.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="most">The most elements that it may have.</param>
    /// <param name="elements">Slices of <paramref name="body"/>, each the JSON of one element.</param>
    public static bool TryReadArray(ReadOnlyMemory<byte> body, int most, out IReadOnlyList<ReadOnlyMemory<byte>> elements)
    {
        elements = [];
        try
        {
            var reader = new Utf8JsonReader(body.Span, AnyDepth);
            return reader.Read() && TryReadArray(ref reader, body, most, out elements) && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool TryReadArray(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, int most, out IReadOnlyList<ReadOnlyMemory<byte>> elements)
    {
        var found = new List<ReadOnlyMemory<byte>>();
        elements = found;
        if (reader.TokenType != JsonTokenType.StartArray)
            return false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (found.Count == most)
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
