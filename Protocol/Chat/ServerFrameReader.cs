using System.Text.Json;
using System.Text.Unicode;

namespace RawSocketChat.Protocol.Chat;

/// <summary>Reads server frames, for clients and for the text format. A frame without a required field is invalid.</summary>
internal static class ServerFrameReader
{
    public static bool TryRead(ReadOnlySpan<byte> utf8, out ServerFrame frame)
    {
        frame = null!;
        if (!Utf8.IsValid(utf8))
            return false;
        var fields = new ServerFields();
        try
        {
            var reader = new Utf8JsonReader(utf8);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                reader.Read();
                fields.Read(ref reader, name, utf8);
            }
            reader.Read(); // throws if anything follows the closing brace
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
        frame = BuildFrame(fields)!;
        return frame is not null;
    }

    private static ServerFrame? BuildFrame(ServerFields f) => f.Type switch
    {
        "welcome" => BuildWelcome(f),
        "ack" => new AckFrame(f.Id, f.Room, f.Seq, f.At, f.Duplicate ?? false, f.Name, f.Topic),
        "error" => f is { Code: { } code, Text: { } text } ? new ErrorFrame(f.Id, new ChatError(code, text, f.Hint, ClampToInt(f.RetryAfterMs))) : null,
        "joined" => BuildJoined(f),
        "message" => BuildMessage(f),
        "edited" => f is { Room: { } room, Seq: { } seq, At: { } at, From: { } from, Of: { } of, Text: { } text }
            ? new EditedFrame(room, seq, at, from, of, text, f.MentionedUsers)
            : null,
        "deleted" => f is { Room: { } room, Seq: { } seq, At: { } at, From: { } from, Of: { } of }
            ? new DeletedFrame(room, seq, at, from, of)
            : null,
        "reacted" => f is { Room: { } room, Seq: { } seq, At: { } at, From: { } from, Of: { } of, Emoji: { } emoji }
            ? new ReactedFrame(room, seq, at, from, of, emoji, f.Off ?? false)
            : null,
        "moderated" => f is { Room: { } room, Seq: { } seq, At: { } at, From: { } from, Action: { } action }
            ? new ModeratedFrame(room, seq, at, from, action, f is { User: { } user, Name: { } name } ? new Person(user, name) : null,
                f.Role, f.Seconds, f.Reason)
            : null,
        "topic" => f is { Room: { } room, Seq: { } seq, At: { } at, From: { } from, Text: { } text }
            ? new TopicFrame(room, seq, at, from, text)
            : null,
        "presence" => f is { Room: { } room, State: { } state }
            ? new PresenceFrame(room, f.User, f.Name, state, f.Was, ClampToInt(f.MemberCount), f.At, f.Role)
            : null,
        "typing" => f is { Room: { } room, User: { } user, Name: { } name } ? new TypingFrame(room, user, name, f.Off ?? false) : null,
        "read" => f is { Room: { } room, Seq: { } seq }
            ? new ReadFrame(room, seq, ClampToInt(f.Unread) ?? 0, ClampToInt(f.MentionCount) ?? 0)
            : null,
        "invited" => f is { Room: { } room, From: { } from, At: { } at } ? new InvitedFrame(room, from, at, f.Topic ?? "") : null,
        "history" => f is { Room: { } room, Messages: { } messages } ? new HistoryFrame(f.Id, room, messages, f.More ?? false) : null,
        "results" => f is { Query: { } query, Messages: { } messages } ? new ResultsFrame(f.Id, query, messages, f.Before) : null,
        "rooms" => f.Rooms is { } rooms ? new RoomsFrame(f.Id, rooms) : null,
        "who" => f is { Room: { } room, Members: { } members } ? new WhoFrame(f.Id, room, members, ClampToInt(f.MemberCount) ?? members.Count, f.Away) : null,
        "tokens" => f is { Do: { } what, Room: { } room, Tokens: { } tokens } ? new TokensFrame(f.Id, what, room, tokens, f.Name, f.Token) : null,
        "webhook" => f is { Do: { } what, Room: { } room, Failed: { } failed } ? new WebhookFrame(f.Id, what, room, failed, f.Url, f.Secret, f.Delivered, f.Failing) : null,
        "help" => f.Commands is { } commands ? new HelpFrame(f.Id, f.About, commands) : null,
        "pong" => f.At is { } at ? new PongFrame(f.Id, at) : null,
        "wire" => f is { At: { } at, Us: { } us and >= 0 and < 1000 } ? new WireFrame(at.AddMicroseconds(us)) : null,
        "gap" => f is { Room: { } room, FromSeq: { } from, To: { } to } ? new GapFrame(room, from, to) : null,
        "lag" => f is { Queued: { } queued, Limit: { } limit } ? new LagFrame(queued, limit) : null,
        "bye" => f is { CloseCode: { } code and >= 0 and <= ushort.MaxValue, Text: { } text }
            ? new ByeFrame((ushort)code, text, f.Reconnect ?? false, f.AfterMs)
            : null,
        _ => null,
    };

    private static WelcomeFrame? BuildWelcome(ServerFields f) =>
        f is { Session: { } session, User: { } user, Name: { } name, At: { } at, Limits: { } limits }
            ? new WelcomeFrame(f.Id, session, user, name, f.Guest ?? false, f.Server ?? "", at, limits, f.RoomNames ?? [],
                f.Features is { Count: > 0 } features ? features : null)
            : null;

    private static JoinedFrame? BuildJoined(ServerFields f) =>
        f is { Room: { } room, Epoch: { } epoch, Seq: { } seq, Members: { } members, Messages: { } messages }
            ? new JoinedFrame(f.Id, room, epoch, seq, f.Topic ?? "", f.Role ?? "member", members, ClampToInt(f.MemberCount) ?? members.Count,
                f.Recovered, messages, f.ReadUpTo is 0 ? null : f.ReadUpTo, f.Private ?? false, f.With, ClampToInt(f.Slow) ?? 0,
                ClampToInt(f.Unread) ?? 0, ClampToInt(f.MentionCount) ?? 0, f.Notify ?? "all")
            : null;

    // Only a deleted message may lack the text.
    private static MessageFrame? BuildMessage(ServerFields f) =>
        f is { Room: { } room, Seq: { } seq, At: { } at, From: { } from } && (f.Deleted == true ? "" : f.Text) is { } text
            ? new MessageFrame(room, seq, at, from, text, f.Reply, f.Me ?? false, f.MentionedUsers, f.Edited, f.Deleted ?? false, f.Reactions, f.Snippet, f.Files)
            : null;

    private static int? ClampToInt(long? value) => value is { } number ? (int)Math.Clamp(number, 0, int.MaxValue) : null;
}
