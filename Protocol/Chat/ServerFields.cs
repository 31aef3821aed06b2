using System.Text.Json;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// Every field that a server frame may have, while it is read. A field of another kind than expected is as good as absent;
/// whether it was needed is known once the type is.
/// </summary>
internal sealed class ServerFields
{
    public string? Type, Session, User, Name, Server, Room, Epoch, Topic, Role, Text, State, Was, About, Code, Hint;
    public FrameId Id;
    public DateTimeOffset? At;
    public long? Seq, Reply, ReadUpTo, FromSeq, To, MemberCount, Queued, Limit, CloseCode, AfterMs, RetryAfterMs, Us;
    public bool? Guest, Duplicate, Recovered, Me, More, Reconnect;
    public Person? From;
    public WelcomeLimits? Limits;
    public List<string>? RoomNames;
    public List<RoomInfo>? Rooms;
    public List<Person>? Members;
    public List<HelpEntry>? Commands;
    public List<ReadOnlyMemory<byte>>? Messages;

    /// <summary>Takes the value that the reader stands before. May throw what Utf8JsonReader throws.</summary>
    public void Read(ref Utf8JsonReader reader, string name, ReadOnlySpan<byte> whole)
    {
        switch (name)
        {
            case "type": Type = Word(ref reader); break;
            case "id": Id = ReadId(ref reader); break;
            case "session": Session = Word(ref reader); break;
            case "user": User = Word(ref reader); break;
            case "name": Name = Word(ref reader); break;
            case "server": Server = Word(ref reader); break;
            case "room": Room = Word(ref reader); break;
            case "epoch": Epoch = Word(ref reader); break;
            case "topic": Topic = Word(ref reader); break;
            case "role": Role = Word(ref reader); break;
            case "text": Text = Word(ref reader); break;
            case "state": State = Word(ref reader); break;
            case "was": Was = Word(ref reader); break;
            case "about": About = Word(ref reader); break;
            case "hint": Hint = Word(ref reader); break;
            case "at": At = reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out var at) ? at : null; break;
            case "seq": Seq = Number(ref reader); break;
            case "reply": Reply = Number(ref reader); break;
            case "read": ReadUpTo = Number(ref reader); break;
            case "to": To = Number(ref reader); break;
            case "memberCount": MemberCount = Number(ref reader); break;
            case "queued": Queued = Number(ref reader); break;
            case "limit": Limit = Number(ref reader); break;
            case "afterMs": AfterMs = Number(ref reader); break;
            case "retryAfterMs": RetryAfterMs = Number(ref reader); break;
            case "us": Us = Number(ref reader); break;
            case "guest": Guest = Flag(ref reader); break;
            case "duplicate": Duplicate = Flag(ref reader); break;
            case "recovered": Recovered = Flag(ref reader); break;
            case "me": Me = Flag(ref reader); break;
            case "more": More = Flag(ref reader); break;
            case "reconnect": Reconnect = Flag(ref reader); break;
            // An error's code is a word, a bye's a number.
            case "code": (Code, CloseCode) = (Word(ref reader), Number(ref reader)); break;
            // A message is from a person, a gap from a seq.
            case "from": (From, FromSeq) = (null, Number(ref reader)); From = ReadPerson(ref reader); break;
            case "limits": Limits = ReadLimits(ref reader); break;
            case "members": Members = ReadList(ref reader, ReadPerson); break;
            case "commands": Commands = ReadList(ref reader, ReadEntry); break;
            case "rooms": ReadRooms(ref reader); break;
            case "messages": Messages = ReadMessages(ref reader, whole); break;
            default: break;
        }
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            reader.Skip(); // what nobody took
    }

    private delegate T? Reading<T>(ref Utf8JsonReader reader) where T : class;

    private static string? Word(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
            return reader.GetString();
        reader.Skip();
        return null;
    }

    private static long? Number(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? number : null;

    private static bool? Flag(ref Utf8JsonReader reader) =>
        reader.TokenType is JsonTokenType.True or JsonTokenType.False ? reader.GetBoolean() : null;

    private static FrameId ReadId(ref Utf8JsonReader reader)
    {
        if (Number(ref reader) is { } number)
            return FrameId.From(number);
        return Word(ref reader) is { } text && FrameId.TryFrom(text, out var id) ? id : default;
    }

    private static Person? ReadPerson(ref Utf8JsonReader reader)
    {
        var fields = ReadObject(ref reader);
        return fields is { User: { } user, Name: { } name } ? new Person(user, name) : null;
    }

    private static RoomInfo? ReadRoom(ref Utf8JsonReader reader)
    {
        var fields = ReadObject(ref reader);
        return fields is { Room: { } room, MemberCount: { } count and >= 0 and <= int.MaxValue }
            ? new RoomInfo(room, fields.Topic ?? "", (int)count)
            : null;
    }

    // Of nested objects, those have the same fields as frames; the next two have their own.
    private static ServerFields? ReadObject(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }
        var fields = new ServerFields();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name is "user" or "name" or "room" or "topic" or "memberCount")
                fields.Read(ref reader, name, default);
            else
                reader.Skip();
        }
        return fields;
    }

    private static WelcomeLimits? ReadLimits(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }
        var limits = new WelcomeLimits(0, 0, 0);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            var value = (int)Math.Clamp(Number(ref reader) ?? 0, 0, int.MaxValue);
            limits = name switch
            {
                "frameBytes" => limits with { FrameBytes = value },
                "textLength" => limits with { TextLength = value },
                "messagesPerSecond" => limits with { MessagesPerSecond = value },
                _ => limits,
            };
            reader.Skip();
        }
        return limits;
    }

    private static HelpEntry? ReadEntry(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }
        var entry = new HelpEntry("", "", "", "");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            var value = Word(ref reader) ?? "";
            entry = name switch
            {
                "command" => entry with { Command = value },
                "usage" => entry with { Usage = value },
                "json" => entry with { Json = value },
                "text" => entry with { Text = value },
                _ => entry,
            };
        }
        return entry;
    }

    private static List<T>? ReadList<T>(ref Utf8JsonReader reader, Reading<T> element) where T : class
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return null;
        }
        var list = new List<T>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (element(ref reader) is { } value)
                list.Add(value);
        }
        return list;
    }

    // A welcome has the names of rooms, a rooms frame has more about each.
    private void ReadRooms(ref Utf8JsonReader reader)
    {
        (RoomNames, Rooms) = ([], []);
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.String)
                RoomNames.Add(reader.GetString()!);
            else if (ReadRoom(ref reader) is { } room)
                Rooms.Add(room);
        }
    }

    // Kept as they are: the server wrote them once, and a client may know fields of them that we do not.
    private static List<ReadOnlyMemory<byte>>? ReadMessages(ref Utf8JsonReader reader, ReadOnlySpan<byte> whole)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return null;
        }
        var messages = new List<ReadOnlyMemory<byte>>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            messages.Add(whole[start..(int)reader.BytesConsumed].ToArray());
        }
        return messages;
    }
}
