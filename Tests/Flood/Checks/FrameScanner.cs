using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using RawSocketChat.Tests.Flood.Load;

namespace RawSocketChat.Tests.Flood.Checks;

/// <summary>The fields of a server frame that Flood uses; null or 0 for a missing field.</summary>
internal struct ScannedFrame
{
    public string? Type, Room, Id, Code, Text, Hint, Session, Epoch, From;
    public long Seq;

    /// <summary>The number of the run's message that this frame shows or acknowledges, or -1.</summary>
    public int Number;

    /// <summary>Whether this is a message of the run whose text differs from the published text.</summary>
    public bool IsAltered;
}

/// <summary>
/// Reads server frames. If a message or an acknowledgement has the server's usual field order, the scanner only compares bytes and allocates
/// nothing. This is necessary because 1,000 subscribers receive 100,000 messages a second, and this tool often shares the server's machine.
/// It reads all other frames with <see cref="Utf8JsonReader"/>.
/// </summary>
/// <remarks>
/// The content of a text can't be mistaken for a field. Quotes inside a JSON string are escaped, so <c>"text":"</c> with unescaped
/// quotes is always the field.
/// </remarks>
internal sealed class FrameScanner(string room, Publications publications)
{
    private static ReadOnlySpan<byte> TextField => "\"text\":\""u8;

    private readonly byte[] _messagePrefix = Encoding.UTF8.GetBytes($"{{\"type\":\"message\",\"room\":\"{room}\",\"seq\":");
    private readonly byte[] _textPrefix = publications.GetTextPrefix();
    private readonly byte[] _ackPrefix = publications.GetAckPrefix();

    /// <summary>Reads a message of this run in this room, with the usual field order. Returns false for any other frame.</summary>
    /// <param name="json">The frame.</param>
    /// <param name="seq">The number of the event in the room.</param>
    /// <param name="number">The number of the message in the run.</param>
    /// <param name="isAltered">Whether the text differs from the published one.</param>
    public bool TryReadMessage(ReadOnlySpan<byte> json, out long seq, out int number, out bool isAltered)
    {
        (seq, number, isAltered) = (0, -1, false);
        if (!json.StartsWith(_messagePrefix)) return false;
        json = json[_messagePrefix.Length..];
        if (!Utf8Parser.TryParse(json, out seq, out var digits)) return false;
        json = json[digits..];
        var text = json.IndexOf(_textPrefix);
        if (text < 0) return false;
        var quote = text + TextField.Length - 1;
        var value = json[(quote + 1)..];
        var end = value.IndexOfAny((byte)'"', (byte)'\\');
        if (end < 0) return false;
        return value[end] == '"' ? TryParseText(value[..end], out number, out isAltered) : TryParseEscapedText(json[quote..], out number, out isAltered);
    }

    // Requires the whole prefix, with the space after the number. Without the space, the number may be truncated, and a truncated number
    // may be the number of another message.
    private bool TryParseText(ReadOnlySpan<byte> text, out int number, out bool isAltered)
    {
        (number, isAltered) = (-1, false);
        var rest = text[(_textPrefix.Length - TextField.Length)..];
        var space = rest.IndexOf((byte)' ');
        if (space <= 0) return false;
        rest = rest[(space + 1)..];
        if (!Utf8Parser.TryParse(rest, out number, out var digits) || digits == rest.Length || rest[digits] != ' ' || !IsNumberOfRun(number)) return false;
        isAltered = TextChecksum.Compute(text) != publications.GetChecksum(number);
        return true;
    }

    // Reads texts with escape sequences. A replay may publish such texts.
    private bool TryParseEscapedText(ReadOnlySpan<byte> json, out int number, out bool isAltered)
    {
        (number, isAltered) = (-1, false);
        var text = ArrayPool<byte>.Shared.Rent(json.Length);
        try
        {
            var reader = new Utf8JsonReader(json);
            return reader.Read() && TryParseText(text.AsSpan(0, reader.CopyString(text)), out number, out isAltered);
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

    /// <summary>Reads an acknowledgement of a message of this run. Returns false for any other frame.</summary>
    public bool TryReadAck(ReadOnlySpan<byte> json, out int number)
    {
        number = -1;
        return json.StartsWith(_ackPrefix) && Utf8Parser.TryParse(json[_ackPrefix.Length..], out number, out _) && IsNumberOfRun(number);
    }

    private bool IsNumberOfRun(int number) => number >= 0 && number < publications.Count;

    /// <summary>Reads any frame. Returns false if it is not a JSON object.</summary>
    public bool TryReadAny(ReadOnlySpan<byte> json, out ScannedFrame frame)
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
                if (name == "from" && reader.TokenType == JsonTokenType.StartObject) frame.From = ReadName(reader);
                ReadField(ref reader, name, ref frame);
                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
        frame.Number = frame.Type == "message" ? publications.ParseNumberInText(frame.Text) : publications.ParseNumberInId(frame.Id);
        frame.IsAltered = frame.Type == "message" && frame.Text is not null && IsAltered(frame);
        return true;
    }

    // A text without a valid number counts as altered if its start or its sender shows that it is a text of this run.
    private bool IsAltered(in ScannedFrame message) => message.Number >= 0
        ? TextChecksum.Compute(Encoding.UTF8.GetBytes(message.Text!)) != publications.GetChecksum(message.Number)
        : publications.IsUserOfRun(message.From) || message.Text!.StartsWith(publications.TextStart, StringComparison.Ordinal);

    // The parameter is a copy of the caller's reader, so the caller's reader does not move.
    private static string? ReadName(Utf8JsonReader from)
    {
        while (from.Read() && from.TokenType == JsonTokenType.PropertyName)
        {
            var isName = from.ValueTextEquals("name"u8);
            from.Read();
            if (isName) return from.TokenType == JsonTokenType.String ? from.GetString() : null;
            from.Skip();
        }
        return null;
    }

    /// <summary>Finds the messages in a <c>joined</c> frame, oldest first.</summary>
    public static IReadOnlyList<Range> FindMessages(ReadOnlySpan<byte> joined)
    {
        var found = new List<Range>();
        var reader = new Utf8JsonReader(joined);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isMessages = reader.ValueTextEquals("messages"u8);
            reader.Read();
            if (!isMessages || reader.TokenType != JsonTokenType.StartArray)
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

    private static void ReadField(ref Utf8JsonReader reader, string? name, ref ScannedFrame frame)
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
