using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using RawSocketChat.Tests.Flood.Load;

namespace RawSocketChat.Tests.Flood.Checks;

/// <summary>What of a server frame the flood looks at; null and 0 where it is not there.</summary>
internal struct ScannedFrame
{
    public string? Type, Room, Id, Code, Text, Hint, Session, Epoch, From;
    public long Seq;

    /// <summary>The number of the run's message that this frame shows or acknowledges, or -1.</summary>
    public int Number;

    /// <summary>Whether it is a message of the run whose text is another than was said.</summary>
    public bool IsAltered;
}

/// <summary>
/// Reads server frames. A message and an acknowledgement in the order of fields that the server writes are read by a
/// scan of their bytes, without an allocation: with a thousand subscribers this runs a hundred thousand times a second
/// beside the server. Everything else, in any order of fields, goes through <see cref="Utf8JsonReader"/>.
/// </summary>
/// <remarks>
/// The scan can't be misled by what somebody wrote in a text: a quote inside a JSON string is escaped, so
/// <c>"text":"</c> with bare quotes is only ever the field.
/// </remarks>
internal sealed class FrameScan(string room, Publications publications)
{
    private static ReadOnlySpan<byte> TextField => "\"text\":\""u8;

    private readonly byte[] _message = Encoding.UTF8.GetBytes($"{{\"type\":\"message\",\"room\":\"{room}\",\"seq\":");
    private readonly byte[] _text = publications.TextStart();
    private readonly byte[] _ack = publications.AckStart();

    /// <summary>A message of this run in this room, in the usual order of fields.</summary>
    /// <param name="json">The frame.</param>
    /// <param name="seq">Its place in the log.</param>
    /// <param name="number">Which message of the run it is.</param>
    /// <param name="isAltered">Whether its text is another than was said.</param>
    public bool TryMessage(ReadOnlySpan<byte> json, out long seq, out int number, out bool isAltered)
    {
        (seq, number, isAltered) = (0, -1, false);
        if (!json.StartsWith(_message)) return false;
        json = json[_message.Length..];
        if (!Utf8Parser.TryParse(json, out seq, out var digits)) return false;
        json = json[digits..];
        var text = json.IndexOf(_text);
        if (text < 0) return false;
        var quote = text + TextField.Length - 1;
        var said = json[(quote + 1)..];
        var end = said.IndexOfAny((byte)'"', (byte)'\\');
        if (end < 0) return false;
        return said[end] == '"' ? TryText(said[..end], out number, out isAltered) : TryEscaped(json[quote..], out number, out isAltered);
    }

    // The mark whole, to the space behind its number: what is cut within the number names another message.
    private bool TryText(ReadOnlySpan<byte> text, out int number, out bool isAltered)
    {
        (number, isAltered) = (-1, false);
        var rest = text[(_text.Length - TextField.Length)..];
        var space = rest.IndexOf((byte)' ');
        if (space <= 0) return false;
        rest = rest[(space + 1)..];
        if (!Utf8Parser.TryParse(rest, out number, out var digits) || digits == rest.Length || rest[digits] != ' ' || !IsKnown(number)) return false;
        isAltered = TextSum.Of(text) != publications.TextOf(number);
        return true;
    }

    // With a quote, a line's end or the like in it, as a replay's texts may have.
    private bool TryEscaped(ReadOnlySpan<byte> json, out int number, out bool isAltered)
    {
        (number, isAltered) = (-1, false);
        var text = ArrayPool<byte>.Shared.Rent(json.Length);
        try
        {
            var reader = new Utf8JsonReader(json);
            return reader.Read() && TryText(text.AsSpan(0, reader.CopyString(text)), out number, out isAltered);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(text);
        }
    }

    /// <summary>An acknowledgement of a message of this run.</summary>
    public bool TryAck(ReadOnlySpan<byte> json, out int number)
    {
        number = -1;
        return json.StartsWith(_ack) && Utf8Parser.TryParse(json[_ack.Length..], out number, out _) && IsKnown(number);
    }

    private bool IsKnown(int number) => number >= 0 && number < publications.Count;

    /// <summary>Any frame. False where it is not a JSON object.</summary>
    public bool TryAny(ReadOnlySpan<byte> json, out ScannedFrame frame)
    {
        frame = new ScannedFrame { Number = -1 };
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString();
                reader.Read();
                if (name == "from" && reader.TokenType == JsonTokenType.StartObject) frame.From = NameIn(reader);
                Take(ref reader, name, ref frame);
                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
        frame.Number = frame.Type == "message" ? publications.NumberIn(frame.Text) : publications.NumberOfId(frame.Id);
        frame.IsAltered = frame.Type == "message" && frame.Text is not null && IsAltered(frame);
        return true;
    }

    // Where not even the number is left, it is known by who said it, or by its beginning.
    private bool IsAltered(in ScannedFrame message) => message.Number >= 0
        ? TextSum.Of(Encoding.UTF8.GetBytes(message.Text!)) != publications.TextOf(message.Number)
        : publications.IsOurs(message.From) || message.Text!.StartsWith($"flood {publications.RunId}", StringComparison.Ordinal);

    // A copy of the reader, which stays where it is.
    private static string? NameIn(Utf8JsonReader from)
    {
        while (from.Read() && from.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = from.ValueTextEquals("name"u8);
            from.Read();
            if (isIt) return from.TokenType == JsonTokenType.String ? from.GetString() : null;
            from.Skip();
        }
        return null;
    }

    /// <summary>Where in a <c>joined</c> its messages stand, oldest first.</summary>
    public static IReadOnlyList<Range> Messages(ReadOnlySpan<byte> joined)
    {
        var found = new List<Range>();
        var reader = new Utf8JsonReader(joined);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isThere = reader.ValueTextEquals("messages"u8);
            reader.Read();
            if (!isThere || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                found.Add(start..(int)reader.BytesConsumed);
            }
        }
        return found;
    }

    private static void Take(ref Utf8JsonReader reader, string? name, ref ScannedFrame frame)
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            if (name == "seq" && reader.TryGetInt64(out var seq)) frame.Seq = seq;
            if (name == "code" && reader.TryGetInt64(out var code)) frame.Code = $"{code}";
        }
        else if (reader.TokenType == JsonTokenType.String)
        {
            switch (name)
            {
                case "type": frame.Type = reader.GetString(); break;
                case "room": frame.Room = reader.GetString(); break;
                case "id": frame.Id = reader.GetString(); break;
                case "code": frame.Code = reader.GetString(); break;
                case "text": frame.Text = reader.GetString(); break;
                case "hint": frame.Hint = reader.GetString(); break;
                case "session": frame.Session = reader.GetString(); break;
                case "epoch": frame.Epoch = reader.GetString(); break;
            }
        }
    }
}
