using System.Buffers;
using System.Text.Json;

namespace RawSocketChat.Protocol.Chat;

/// <summary>Writes server frames: the type first, the id second, then the fields in the order of the specification.</summary>
internal static class ServerFrameWriter
{
    private const int ProtocolVersion = 1;

    public static void Write(Utf8JsonWriter writer, ServerFrame frame)
    {
        writer.WriteStartObject();
        switch (frame)
        {
            case MessageFrame message: Write(writer, message); break;
            case AckFrame ack: Write(writer, ack); break;
            case PresenceFrame presence: Write(writer, presence); break;
            case JoinedFrame joined: Write(writer, joined); break;
            case TopicFrame topic: Write(writer, topic); break;
            case EditedFrame edited: Write(writer, edited); break;
            case DeletedFrame deleted: Write(writer, deleted); break;
            case ReactedFrame reacted: Write(writer, reacted); break;
            case ModeratedFrame moderated: Write(writer, moderated); break;
            case TypingFrame typing: Write(writer, typing); break;
            case InvitedFrame invited: Write(writer, invited); break;
            case ErrorFrame error: Write(writer, error); break;
            case WelcomeFrame welcome: Write(writer, welcome); break;
            case ReadFrame read: Write(writer, read); break;
            case HistoryFrame history: Write(writer, history); break;
            case ResultsFrame results: Write(writer, results); break;
            case RoomsFrame rooms: Write(writer, rooms); break;
            case WhoFrame who: Write(writer, who); break;
            case TokensFrame tokens: Write(writer, tokens); break;
            case WebhookFrame webhook: Write(writer, webhook); break;
            case HelpFrame help: Write(writer, help); break;
            case PongFrame pong: Write(writer, pong); break;
            case WireFrame wire: Write(writer, wire); break;
            case GapFrame gap: Write(writer, gap); break;
            case LagFrame lag: Write(writer, lag); break;
            case ByeFrame bye: Write(writer, bye); break;
            default: throw new ArgumentException($"cannot write a {frame.GetType().Name}", nameof(frame));
        }
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, WelcomeFrame frame)
    {
        WriteHead(writer, "welcome"u8, frame.Id);
        writer.WriteText("session"u8, frame.Session);
        writer.WriteText("user"u8, frame.User);
        writer.WriteText("name"u8, frame.Name);
        writer.WriteBoolean("guest"u8, frame.Guest);
        writer.WriteNumber("protocol"u8, ProtocolVersion);
        writer.WriteText("server"u8, frame.Server);
        writer.WriteTime("at"u8, frame.At);
        writer.WriteStartObject("limits"u8);
        writer.WriteNumber("frameBytes"u8, frame.Limits.FrameBytes);
        writer.WriteNumber("textLength"u8, frame.Limits.TextLength);
        writer.WriteNumber("messagesPerSecond"u8, frame.Limits.MessagesPerSecond);
        writer.WriteNumber("namedMembers"u8, frame.Limits.NamedMembers);
        writer.WriteNumber("fileBytes"u8, frame.Limits.FileBytes);
        writer.WriteEndObject();
        WriteStrings(writer, "rooms"u8, frame.Rooms);
        WriteStrings(writer, "features"u8, frame.Features ?? []);
    }

    private static void Write(Utf8JsonWriter writer, AckFrame frame)
    {
        WriteHead(writer, "ack"u8, frame.Id);
        if (frame.Room is not null)
            writer.WriteText("room"u8, frame.Room);
        if (frame.Seq is { } seq)
            writer.WriteNumber("seq"u8, seq);
        if (frame.At is { } at)
            writer.WriteTime("at"u8, at);
        if (frame.Duplicate)
            writer.WriteBoolean("duplicate"u8, true);
        if (frame.Name is not null)
            writer.WriteText("name"u8, frame.Name);
        if (frame.Topic is not null)
            writer.WriteText("topic"u8, frame.Topic);
    }

    private static void Write(Utf8JsonWriter writer, ErrorFrame frame)
    {
        WriteHead(writer, "error"u8, frame.Id);
        writer.WriteText("code"u8, frame.Error.Code);
        writer.WriteText("text"u8, frame.Error.Text);
        if (frame.Error.Hint is { } hint)
            writer.WriteText("hint"u8, hint);
        if (frame.Error.RetryAfterMs is { } wait)
            writer.WriteNumber("retryAfterMs"u8, wait);
    }

    private static void Write(Utf8JsonWriter writer, JoinedFrame frame)
    {
        WriteHead(writer, "joined"u8, frame.Id);
        writer.WriteText("room"u8, frame.Room);
        writer.WriteText("epoch"u8, frame.Epoch);
        writer.WriteNumber("seq"u8, frame.Seq);
        writer.WriteText("topic"u8, frame.Topic);
        writer.WriteText("role"u8, frame.Role);
        if (frame.Private)
            writer.WriteBoolean("private"u8, true);
        if (frame.With is { } other)
        {
            writer.WritePropertyName("with"u8);
            Write(writer, other);
        }
        WriteMembers(writer, frame.Members);
        writer.WriteNumber("memberCount"u8, frame.MemberCount);
        if (frame.Slow != 0)
            writer.WriteNumber("slow"u8, frame.Slow);
        writer.WriteNumber("read"u8, frame.Read ?? 0);
        writer.WriteNumber("unread"u8, frame.Unread);
        writer.WriteNumber("mentions"u8, frame.Mentions);
        writer.WriteText("notify"u8, frame.Notify);
        if (frame.Recovered is { } recovered)
            writer.WriteBoolean("recovered"u8, recovered);
        WriteMessages(writer, frame.Messages);
    }

    private static void Write(Utf8JsonWriter writer, MessageFrame frame)
    {
        WriteEventHead(writer, "message"u8, frame.Room, frame.Seq, frame.At, frame.From);
        if (!frame.Deleted)
            writer.WriteText("text"u8, frame.Text);
        if (frame.Reply is { } reply)
            writer.WriteNumber("reply"u8, reply);
        if (frame.Me)
            writer.WriteBoolean("me"u8, true);
        if (frame.Files is { Count: > 0 } files)
            WriteFiles(writer, files);
        if (frame.Mentions is { Count: > 0 } mentions)
            WriteStrings(writer, "mentions"u8, mentions);
        if (frame.Edited is { } edited)
            writer.WriteTime("edited"u8, edited);
        if (frame.Deleted)
            writer.WriteBoolean("deleted"u8, true);
        if (frame.Reactions is { Count: > 0 } reactions)
            WriteReactions(writer, reactions);
        if (frame.Snippet is { } snippet)
            Write(writer, snippet);
    }

    private static void WriteFiles(Utf8JsonWriter writer, IReadOnlyList<AttachedFile> files)
    {
        writer.WriteStartArray("files"u8);
        foreach (var file in files)
            Write(writer, file);
        writer.WriteEndArray();
    }

    public static void Write(Utf8JsonWriter writer, AttachedFile file)
    {
        writer.WriteStartObject();
        writer.WriteText("id"u8, file.Id);
        writer.WriteText("name"u8, file.Name);
        writer.WriteText("type"u8, file.Type);
        writer.WriteNumber("bytes"u8, file.Bytes);
        if (file is { Width: { } width, Height: { } height })
        {
            writer.WriteNumber("width"u8, width);
            writer.WriteNumber("height"u8, height);
        }
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, Snippet snippet)
    {
        writer.WriteStartObject("snippet"u8);
        writer.WriteText("text"u8, snippet.Text);
        writer.WriteStartArray("marks"u8);
        foreach (var (start, length) in snippet.Marks)
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(start);
            writer.WriteNumberValue(length);
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, EditedFrame frame)
    {
        WriteEventHead(writer, "edited"u8, frame.Room, frame.Seq, frame.At, frame.From);
        writer.WriteNumber("of"u8, frame.Of);
        writer.WriteText("text"u8, frame.Text);
        if (frame.Mentions is { Count: > 0 } mentions)
            WriteStrings(writer, "mentions"u8, mentions);
    }

    private static void Write(Utf8JsonWriter writer, DeletedFrame frame)
    {
        WriteEventHead(writer, "deleted"u8, frame.Room, frame.Seq, frame.At, frame.From);
        writer.WriteNumber("of"u8, frame.Of);
    }

    private static void Write(Utf8JsonWriter writer, ReactedFrame frame)
    {
        WriteEventHead(writer, "reacted"u8, frame.Room, frame.Seq, frame.At, frame.From);
        writer.WriteNumber("of"u8, frame.Of);
        writer.WriteText("emoji"u8, frame.Emoji);
        if (frame.Off)
            writer.WriteBoolean("off"u8, true);
    }

    private static void Write(Utf8JsonWriter writer, ModeratedFrame frame)
    {
        WriteEventHead(writer, "moderated"u8, frame.Room, frame.Seq, frame.At, frame.From);
        writer.WriteText("action"u8, frame.Action);
        if (frame.User is { } person)
        {
            writer.WriteText("user"u8, person.User);
            writer.WriteText("name"u8, person.Name);
        }
        if (frame.Role is not null)
            writer.WriteText("role"u8, frame.Role);
        if (frame.Seconds is { } seconds)
            writer.WriteNumber("seconds"u8, seconds);
        if (frame.Reason is { Length: > 0 } reason)
            writer.WriteText("reason"u8, reason);
    }

    private static void Write(Utf8JsonWriter writer, TypingFrame frame)
    {
        WriteHead(writer, "typing"u8, default);
        writer.WriteText("room"u8, frame.Room);
        writer.WriteText("user"u8, frame.User);
        writer.WriteText("name"u8, frame.Name);
        if (frame.Off)
            writer.WriteBoolean("off"u8, true);
    }

    private static void Write(Utf8JsonWriter writer, InvitedFrame frame)
    {
        WriteHead(writer, "invited"u8, default);
        writer.WriteText("room"u8, frame.Room);
        writer.WritePropertyName("from"u8);
        Write(writer, frame.From);
        writer.WriteTime("at"u8, frame.At);
        writer.WriteText("topic"u8, frame.Topic);
    }

    private static void Write(Utf8JsonWriter writer, TopicFrame frame)
    {
        WriteEventHead(writer, "topic"u8, frame.Room, frame.Seq, frame.At, frame.From);
        writer.WriteText("text"u8, frame.Text);
    }

    private static void Write(Utf8JsonWriter writer, PresenceFrame frame)
    {
        WriteHead(writer, "presence"u8, default);
        writer.WriteText("room"u8, frame.Room);
        if (frame.User is not null)
            writer.WriteText("user"u8, frame.User);
        if (frame.Name is not null)
            writer.WriteText("name"u8, frame.Name);
        writer.WriteText("state"u8, frame.State);
        if (frame.Was is not null)
            writer.WriteText("was"u8, frame.Was);
        if (frame.Role is not null)
            writer.WriteText("role"u8, frame.Role);
        if (frame.MemberCount is { } count)
            writer.WriteNumber("memberCount"u8, count);
        if (frame.At is { } at)
            writer.WriteTime("at"u8, at);
    }

    private static void Write(Utf8JsonWriter writer, ReadFrame frame)
    {
        WriteHead(writer, "read"u8, default);
        writer.WriteText("room"u8, frame.Room);
        writer.WriteNumber("seq"u8, frame.Seq);
        writer.WriteNumber("unread"u8, frame.Unread);
        writer.WriteNumber("mentions"u8, frame.Mentions);
    }

    private static void Write(Utf8JsonWriter writer, HistoryFrame frame)
    {
        WriteHead(writer, "history"u8, frame.Id);
        writer.WriteText("room"u8, frame.Room);
        WriteMessages(writer, frame.Messages);
        writer.WriteBoolean("more"u8, frame.More);
    }

    private static void Write(Utf8JsonWriter writer, ResultsFrame frame)
    {
        WriteHead(writer, "results"u8, frame.Id);
        writer.WriteText("query"u8, frame.Query);
        WriteMessages(writer, frame.Messages);
        if (frame.Before is { } before)
            writer.WriteNumber("before"u8, before);
    }

    private static void Write(Utf8JsonWriter writer, RoomsFrame frame)
    {
        WriteHead(writer, "rooms"u8, frame.Id);
        writer.WriteStartArray("rooms"u8);
        foreach (var room in frame.Rooms)
        {
            writer.WriteStartObject();
            writer.WriteText("room"u8, room.Room);
            writer.WriteText("topic"u8, room.Topic);
            writer.WriteNumber("memberCount"u8, room.MemberCount);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, WhoFrame frame)
    {
        WriteHead(writer, "who"u8, frame.Id);
        writer.WriteText("room"u8, frame.Room);
        WriteMembers(writer, frame.Members);
        writer.WriteNumber("memberCount"u8, frame.MemberCount);
        if (frame.Away is { Count: > 0 } away)
        {
            writer.WritePropertyName("away"u8);
            WritePeople(writer, away);
        }
    }

    private static void Write(Utf8JsonWriter writer, TokensFrame frame)
    {
        WriteHead(writer, "tokens"u8, frame.Id);
        writer.WriteText("do"u8, frame.Do);
        writer.WriteText("room"u8, frame.Room);
        if (frame.Name is not null)
            writer.WriteText("name"u8, frame.Name);
        if (frame.Token is not null)
            writer.WriteText("token"u8, frame.Token);
        writer.WriteStartArray("tokens"u8);
        foreach (var token in frame.Tokens)
        {
            writer.WriteStartObject();
            writer.WriteText("name"u8, token.Name);
            writer.WriteTime("at"u8, token.At);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, WebhookFrame frame)
    {
        WriteHead(writer, "webhook"u8, frame.Id);
        writer.WriteText("do"u8, frame.Do);
        writer.WriteText("room"u8, frame.Room);
        if (frame.Url is not null)
            writer.WriteText("url"u8, frame.Url);
        if (frame.Secret is not null)
            writer.WriteText("secret"u8, frame.Secret);
        if (frame.Delivered is { } delivered)
            writer.WriteNumber("delivered"u8, delivered);
        if (frame.Failing is { } failing)
        {
            writer.WriteStartObject("failing"u8);
            writer.WriteText("error"u8, failing.Error);
            writer.WriteTime("since"u8, failing.Since);
            if (failing.Next is { } next)
                writer.WriteTime("next"u8, next);
            writer.WriteEndObject();
        }
        writer.WriteStartArray("failed"u8);
        foreach (var failed in frame.Failed)
        {
            writer.WriteStartObject();
            writer.WriteNumber("seq"u8, failed.Seq);
            writer.WriteTime("at"u8, failed.At);
            writer.WriteNumber("attempts"u8, failed.Attempts);
            writer.WriteText("error"u8, failed.Error);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, HelpFrame frame)
    {
        WriteHead(writer, "help"u8, frame.Id);
        if (frame.About is not null)
            writer.WriteText("about"u8, frame.About);
        writer.WriteStartArray("commands"u8);
        foreach (var entry in frame.Commands)
        {
            writer.WriteStartObject();
            writer.WriteText("command"u8, entry.Command);
            writer.WriteText("usage"u8, entry.Usage);
            writer.WriteText("json"u8, entry.Json);
            writer.WriteText("text"u8, entry.Text);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, PongFrame frame)
    {
        WriteHead(writer, "pong"u8, frame.Id);
        writer.WriteTime("at"u8, frame.At);
    }

    private static void Write(Utf8JsonWriter writer, WireFrame frame)
    {
        WriteHead(writer, "wire"u8, default);
        writer.WriteTime("at"u8, frame.At);
        writer.WriteNumber("us"u8, frame.At.Microsecond);
    }

    private static void Write(Utf8JsonWriter writer, GapFrame frame)
    {
        WriteHead(writer, "gap"u8, default);
        writer.WriteText("room"u8, frame.Room);
        writer.WriteNumber("from"u8, frame.From);
        writer.WriteNumber("to"u8, frame.To);
    }

    private static void Write(Utf8JsonWriter writer, LagFrame frame)
    {
        WriteHead(writer, "lag"u8, default);
        writer.WriteNumber("queued"u8, frame.Queued);
        writer.WriteNumber("limit"u8, frame.Limit);
    }

    private static void Write(Utf8JsonWriter writer, ByeFrame frame)
    {
        WriteHead(writer, "bye"u8, default);
        writer.WriteNumber("code"u8, frame.Code);
        writer.WriteText("text"u8, frame.Text);
        writer.WriteBoolean("reconnect"u8, frame.Reconnect);
        if (frame.AfterMs is { } after)
            writer.WriteNumber("afterMs"u8, after);
    }

    private static void WriteHead(Utf8JsonWriter writer, ReadOnlySpan<byte> type, FrameId id)
    {
        writer.WriteString("type"u8, type);
        id.WriteTo(writer);
    }

    private static void WriteEventHead(Utf8JsonWriter writer, ReadOnlySpan<byte> type, string room, long seq, DateTimeOffset at, Person from)
    {
        WriteHead(writer, type, default);
        writer.WriteText("room"u8, room);
        writer.WriteNumber("seq"u8, seq);
        writer.WriteTime("at"u8, at);
        writer.WritePropertyName("from"u8);
        Write(writer, from);
    }

    private static void WriteMembers(Utf8JsonWriter writer, IReadOnlyList<Person> people)
    {
        writer.WritePropertyName("members"u8);
        WritePeople(writer, people);
    }

    private static void WritePeople(Utf8JsonWriter writer, IReadOnlyList<Person> people)
    {
        writer.WriteStartArray();
        foreach (var person in people)
            Write(writer, person);
        writer.WriteEndArray();
    }

    // Utf8JsonWriter also escapes the emoji in property names, and cannot write a raw property name. So this method writes each member of
    // the object as raw JSON.
    private static void WriteReactions(Utf8JsonWriter writer, IReadOnlyList<Reaction> reactions)
    {
        writer.WriteStartObject("reactions"u8);
        var member = new ArrayBufferWriter<byte>();
        foreach (var reaction in reactions)
        {
            member.ResetWrittenCount();
            JsonText.Append(member, reaction.Emoji);
            member.Write(":"u8);
            using (var people = new Utf8JsonWriter(member, writer.Options))
                WritePeople(people, reaction.People);
            writer.WriteRawValue(member.WrittenSpan, skipInputValidation: true);
        }
        writer.WriteEndObject();
    }

    private static void WriteStrings(Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values)
            writer.WriteTextValue(value);
        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, Person person)
    {
        writer.WriteStartObject();
        writer.WriteText("user"u8, person.User);
        writer.WriteText("name"u8, person.Name);
        if (person.Bot)
            writer.WriteBoolean("bot"u8, true);
        if (person.Role is not null)
            writer.WriteText("role"u8, person.Role);
        writer.WriteEndObject();
    }

    private static void WriteMessages(Utf8JsonWriter writer, IReadOnlyList<ReadOnlyMemory<byte>> messages)
    {
        writer.WriteStartArray("messages"u8);
        foreach (var message in messages)
            writer.WriteRawValue(message.Span, skipInputValidation: true);
        writer.WriteEndArray();
    }
}
