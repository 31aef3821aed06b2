using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using RawSocketChat.Tests.Flood.Load;

namespace RawSocketChat.Tests.Flood.Checks;

/// <summary>What of a server frame the flood looks at; null and 0 where it is not there.</summary>
internal struct ScannedFrame
{
    public string? Type, Room, Id, Code, Text, Hint, Session, Epoch;
    public long Seq;

    /// <summary>The number of the run's message that this frame shows or acknowledges, or -1.</summary>
    public int Number;
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
    private readonly byte[] _message = Encoding.UTF8.GetBytes($"{{\"type\":\"message\",\"room\":\"{room}\",\"seq\":");
    private readonly byte[] _text = publications.TextStart();
    private readonly byte[] _ack = publications.AckStart();

    /// <summary>A message of this run in this room, in the usual order of fields.</summary>
    public bool TryMessage(ReadOnlySpan<byte> json, out long seq, out int number)
    {
        (seq, number) = (0, -1);
        if (!json.StartsWith(_message)) return false;
        json = json[_message.Length..];
        if (!Utf8Parser.TryParse(json, out seq, out var digits)) return false;
        json = json[digits..];
        var text = json.IndexOf(_text);
        if (text < 0) return false;
        json = json[(text + _text.Length)..];
        var space = json.IndexOf((byte)' ');
        return space > 0 && TryNumber(json[(space + 1)..], out number);
    }

    /// <summary>An acknowledgement of a message of this run.</summary>
    public bool TryAck(ReadOnlySpan<byte> json, out int number)
    {
        number = -1;
        return json.StartsWith(_ack) && TryNumber(json[_ack.Length..], out number);
    }

    private bool TryNumber(ReadOnlySpan<byte> json, out int number) =>
        Utf8Parser.TryParse(json, out number, out _) && number >= 0 && number < publications.Count;

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
                Take(ref reader, name, ref frame);
                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
        frame.Number = frame.Type == "message" ? publications.NumberIn(frame.Text) : publications.NumberOfId(frame.Id);
        return true;
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
