using System.Text.Json;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// Collects the fields of a server frame while the frame is being read. A field of an unexpected JSON type counts as absent. After the type of
/// the frame is known, the reader checks whether a required field is missing.
/// </summary>
internal sealed class ServerFields
{
    public string? Type, Session, User, Name, Server, Room, Epoch, Topic, Role, Text, State, Was, About, Code, Hint, Emoji, Action, Reason, Notify, Query, Do, Token, Url, Secret, Error;
    public FrameId Id;
    public DateTimeOffset? At, Edited, Since, Next;
    public long? Seq, Reply, ReadUpTo, FromSeq, To, MemberCount, Queued, Limit, CloseCode, AfterMs, RetryAfterMs, Us, Of, Seconds, Slow, Unread, MentionCount, Before, Delivered, Attempts;
    public bool? Bot, Guest, Duplicate, Recovered, Me, More, Reconnect, Deleted, Off, Private;
    public Person? From, With;
    public WelcomeLimits? Limits;
    public List<string>? RoomNames, Features, MentionedUsers;
    public List<Reaction>? Reactions;
    public List<AttachedFile>? Files;
    public Snippet? Snippet;
    public List<RoomInfo>? Rooms;
    public List<Person>? Members, Away;
    public List<HelpEntry>? Commands;
    public List<TokenInfo>? Tokens;
    public WebhookFailing? Failing;
    public List<WebhookFailedEvent>? Failed;
    public List<ReadOnlyMemory<byte>>? Messages;

    /// <summary>Reads the value of one field. May throw the exceptions of Utf8JsonReader.</summary>
    public void Read(ref Utf8JsonReader reader, string name, ReadOnlySpan<byte> whole)
    {
        switch (name)
        {
            case "type": Type = ReadString(ref reader); break;
            case "id": Id = ReadId(ref reader); break;
            case "session": Session = ReadString(ref reader); break;
            case "user": User = ReadString(ref reader); break;
            case "name": Name = ReadString(ref reader); break;
            case "server": Server = ReadString(ref reader); break;
            case "room": Room = ReadString(ref reader); break;
            case "epoch": Epoch = ReadString(ref reader); break;
            case "topic": Topic = ReadString(ref reader); break;
            case "role": Role = ReadString(ref reader); break;
            case "text": Text = ReadString(ref reader); break;
            case "state": State = ReadString(ref reader); break;
            case "was": Was = ReadString(ref reader); break;
            case "about": About = ReadString(ref reader); break;
            case "hint": Hint = ReadString(ref reader); break;
            case "emoji": Emoji = ReadString(ref reader); break;
            case "action": Action = ReadString(ref reader); break;
            case "reason": Reason = ReadString(ref reader); break;
            case "notify": Notify = ReadString(ref reader); break;
            case "query": Query = ReadString(ref reader); break;
            case "do": Do = ReadString(ref reader); break;
            case "token": Token = ReadString(ref reader); break;
            case "url": Url = ReadString(ref reader); break;
            case "secret": Secret = ReadString(ref reader); break;
            case "error": Error = ReadString(ref reader); break;
            case "at": At = ReadTime(ref reader); break;
            case "edited": Edited = ReadTime(ref reader); break;
            case "since": Since = ReadTime(ref reader); break;
            case "next": Next = ReadTime(ref reader); break;
            case "seq": Seq = ReadNumber(ref reader); break;
            case "reply": Reply = ReadNumber(ref reader); break;
            case "read": ReadUpTo = ReadNumber(ref reader); break;
            case "to": To = ReadNumber(ref reader); break;
            case "memberCount": MemberCount = ReadNumber(ref reader); break;
            case "queued": Queued = ReadNumber(ref reader); break;
            case "limit": Limit = ReadNumber(ref reader); break;
            case "before": Before = ReadNumber(ref reader); break;
            case "delivered": Delivered = ReadNumber(ref reader); break;
            case "attempts": Attempts = ReadNumber(ref reader); break;
            case "afterMs": AfterMs = ReadNumber(ref reader); break;
            case "retryAfterMs": RetryAfterMs = ReadNumber(ref reader); break;
            case "us": Us = ReadNumber(ref reader); break;
            case "of": Of = ReadNumber(ref reader); break;
            case "seconds": Seconds = ReadNumber(ref reader); break;
            case "slow": Slow = ReadNumber(ref reader); break;
            case "unread": Unread = ReadNumber(ref reader); break;
            case "bot": Bot = ReadFlag(ref reader); break;
            case "guest": Guest = ReadFlag(ref reader); break;
            case "duplicate": Duplicate = ReadFlag(ref reader); break;
            case "recovered": Recovered = ReadFlag(ref reader); break;
            case "me": Me = ReadFlag(ref reader); break;
            case "more": More = ReadFlag(ref reader); break;
            case "reconnect": Reconnect = ReadFlag(ref reader); break;
            case "deleted": Deleted = ReadFlag(ref reader); break;
            case "off": Off = ReadFlag(ref reader); break;
            case "private": Private = ReadFlag(ref reader); break;
            // The code of an error is a string, and the code of a bye is a number.
            case "code": (Code, CloseCode) = (ReadString(ref reader), ReadNumber(ref reader)); break;
            // In a message, from is a user. In a gap, from is a seq.
            case "from": (From, FromSeq) = (null, ReadNumber(ref reader)); From = ReadPerson(ref reader); break;
            case "with": With = ReadPerson(ref reader); break;
            // In a message, mentions is a list of users. In joined and read, it is a number.
            case "mentions": (MentionedUsers, MentionCount) = (null, ReadNumber(ref reader)); MentionedUsers = ReadList(ref reader, ReadString); break;
            case "features": Features = ReadList(ref reader, ReadString); break;
            case "files": Files = ReadList(ref reader, ReadFile); break;
            case "reactions": Reactions = ReadReactions(ref reader); break;
            case "snippet": Snippet = ReadSnippet(ref reader); break;
            case "limits": Limits = ReadLimits(ref reader); break;
            case "members": Members = ReadList(ref reader, ReadPerson); break;
            case "away": Away = ReadList(ref reader, ReadPerson); break;
            case "commands": Commands = ReadList(ref reader, ReadHelpEntry); break;
            case "tokens": Tokens = ReadList(ref reader, ReadToken); break;
            case "failing": Failing = ReadFailing(ref reader); break;
            case "failed": Failed = ReadList(ref reader, ReadFailedEvent); break;
            case "rooms": ReadRooms(ref reader); break;
            case "messages": Messages = ReadMessages(ref reader, whole); break;
            default: break;
        }
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            reader.Skip(); // an unknown field, or a value of an unexpected type
    }

    private delegate T? ElementReader<T>(ref Utf8JsonReader reader) where T : class;

    private static string? ReadString(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
            return reader.GetString();
        reader.Skip();
        return null;
    }

    private static long? ReadNumber(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? number : null;

    private static bool? ReadFlag(ref Utf8JsonReader reader) =>
        reader.TokenType is JsonTokenType.True or JsonTokenType.False ? reader.GetBoolean() : null;

    private static DateTimeOffset? ReadTime(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out var at) ? at : null;

    private static FrameId ReadId(ref Utf8JsonReader reader)
    {
        if (ReadNumber(ref reader) is { } number)
            return FrameId.From(number);
        return ReadString(ref reader) is { } text && FrameId.TryFrom(text, out var id) ? id : default;
    }

    private static Person? ReadPerson(ref Utf8JsonReader reader)
    {
        var fields = ReadObject(ref reader);
        return fields is { User: { } user, Name: { } name } ? new Person(user, name, fields.Bot ?? false, fields.Role) : null;
    }

    private static TokenInfo? ReadToken(ref Utf8JsonReader reader)
    {
        var fields = ReadObject(ref reader);
        return fields is { Name: { } name, At: { } at } ? new TokenInfo(name, at) : null;
    }

    private static WebhookFailing? ReadFailing(ref Utf8JsonReader reader)
    {
        var fields = ReadObject(ref reader);
        return fields is { Error: { } error, Since: { } since } ? new WebhookFailing(error, since, fields.Next) : null;
    }

    private static WebhookFailedEvent? ReadFailedEvent(ref Utf8JsonReader reader)
    {
        var fields = ReadObject(ref reader);
        return fields is { Seq: { } seq, At: { } at, Error: { } error }
            ? new WebhookFailedEvent(seq, at, (int)Math.Clamp(fields.Attempts ?? 0, 0, int.MaxValue), error)
            : null;
    }

    private static RoomInfo? ReadRoom(ref Utf8JsonReader reader)
    {
        var fields = ReadObject(ref reader);
        return fields is { Room: { } room, MemberCount: { } count and >= 0 and <= int.MaxValue }
            ? new RoomInfo(room, fields.Topic ?? "", (int)count)
            : null;
    }

    // Reads a nested object whose fields are also fields of frames. The next two methods read objects with other fields.
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
            if (name is "user" or "name" or "bot" or "role" or "room" or "topic" or "memberCount" or "at" or "seq" or "attempts" or "error" or "since" or "next")
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
        var limits = new WelcomeLimits(0, 0, 0, 0);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            var number = Math.Max(ReadNumber(ref reader) ?? 0, 0);
            var value = (int)Math.Min(number, int.MaxValue);
            limits = name switch
            {
                "frameBytes" => limits with { FrameBytes = value },
                "textLength" => limits with { TextLength = value },
                "messagesPerSecond" => limits with { MessagesPerSecond = value },
                "namedMembers" => limits with { NamedMembers = value },
                "fileBytes" => limits with { FileBytes = number },
                _ => limits,
            };
            reader.Skip();
        }
        return limits;
    }

    private static AttachedFile? ReadFile(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }
        string? id = null, fileName = null, type = null;
        long? bytes = null, width = null, height = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            switch (name)
            {
                case "id": id = ReadString(ref reader); break;
                case "name": fileName = ReadString(ref reader); break;
                case "type": type = ReadString(ref reader); break;
                case "bytes": bytes = ReadNumber(ref reader); break;
                case "width": width = ReadNumber(ref reader); break;
                case "height": height = ReadNumber(ref reader); break;
                default: reader.Skip(); break;
            }
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                reader.Skip(); // a value of an unexpected type
        }
        var hasSize = width is > 0 and <= int.MaxValue && height is > 0 and <= int.MaxValue;
        return id is not null && fileName is not null && type is not null && bytes is >= 0 and { } size
            ? new AttachedFile(id, fileName, type, size, hasSize ? (int)width! : null, hasSize ? (int)height! : null)
            : null;
    }

    private static HelpEntry? ReadHelpEntry(ref Utf8JsonReader reader)
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
            var value = ReadString(ref reader) ?? "";
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

    private static List<T>? ReadList<T>(ref Utf8JsonReader reader, ElementReader<T> element) where T : class
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

    // Reads an object whose names are emoji and whose values are lists of users.
    private static List<Reaction>? ReadReactions(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }
        var reactions = new List<Reaction>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var emoji = reader.GetString()!;
            reader.Read();
            if (ReadList(ref reader, ReadPerson) is { } people)
                reactions.Add(new Reaction(emoji, people));
        }
        return reactions;
    }

    private static Snippet? ReadSnippet(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }
        string? text = null;
        var marks = new List<SnippetMark>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            if (name == "text")
                text = ReadString(ref reader);
            else if (name == "marks" && reader.TokenType == JsonTokenType.StartArray)
                ReadMarks(ref reader, marks);
            else
                reader.Skip();
        }
        return text is null ? null : new Snippet(text, [.. marks.Where(mark => mark.Start >= 0 && mark.Length > 0 && mark.Length <= text.Length - mark.Start)]);
    }

    // Reads a list of pairs of numbers.
    private static void ReadMarks(ref Utf8JsonReader reader, List<SnippetMark> marks)
    {
        var pair = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            pair.Clear();
            if (reader.TokenType == JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    pair.Add(ReadNumber(ref reader) ?? -1);
                    reader.Skip();
                }
            }
            if (pair is [var start and >= 0 and <= int.MaxValue, var length and >= 0 and <= int.MaxValue])
                marks.Add(new SnippetMark((int)start, (int)length));
        }
    }

    // In a welcome, rooms is a list of names. In a rooms frame, it is a list of objects.
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

    // Keeps the JSON of each message unchanged: a message may have fields that this version does not know.
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
