using System.Globalization;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>Parts of error answers that several request handlers need.</summary>
internal static class RequestErrors
{
    /// <summary>Creates a hint: a request that would work now, in the form that the client used (JSON or a typed command).</summary>
    public static string CreateHint(this ClientFrame frame, ClientFrameType type, string? room = null, string? name = null, string? text = null) =>
        Hint.Create(new ClientFrame { Type = type, Room = room, Name = name, Text = text }, frame.IsTyped);

    /// <summary>The answer to a request of a client that has not read the answers to its earlier requests.</summary>
    public static readonly ChatError UnreadAnswers =
        new(ErrorCode.RateLimited, "the answers to your earlier requests wait for you; read them, then send this again", RetryAfterMs: 1000);

    /// <summary>The error of a message with an unknown file: the sender has not uploaded the file, or it was removed.</summary>
    public static readonly ChatError FileNotFound =
        new(ErrorCode.NotFound, "you have not uploaded one of these files, or it was removed; upload it again");

    /// <param name="what">A plural noun: what the client sends too fast, for example "messages".</param>
    /// <param name="retryAfterMs">Milliseconds after which the client may send again.</param>
    public static ChatError CreateRateLimited(string what, int retryAfterMs) =>
        new(ErrorCode.RateLimited, $"too many {what}; wait {retryAfterMs / 1000.0:0.0} s", RetryAfterMs: retryAfterMs);

    /// <summary>The error of an edit, a deletion or a reaction that the log has rejected.</summary>
    public static ChatError CreateRejected(AppendRejection rejection, string room, long seq) => rejection switch
    {
        AppendRejection.NotAuthor => new(ErrorCode.NotAllowed, "you can edit only your own messages"),
        AppendRejection.FileNotFound => FileNotFound,
        AppendRejection.RoomRemoved => new(ErrorCode.NoRoom, $"no such room \"{room}\"; it was removed"),
        AppendRejection.TooMany => new(ErrorCode.TooMany, $"message {seq} has {MessageChanges.MaxReactions} reactions, which is the maximum"),
        _ => new(ErrorCode.NotFound, $"there is no message {seq} in \"{room}\", or it is deleted"),
    };

    /// <param name="until">The end of the mute; null if it has no end.</param>
    public static ChatError CreateMuted(string room, DateTimeOffset? until, DateTimeOffset now) => until is null
        ? new(ErrorCode.Muted, $"you are muted in \"{room}\"")
        : new(ErrorCode.Muted, $"you are muted in \"{room}\" until {Format(until.Value)}", RetryAfterMs: ToMilliseconds(until.Value - now));

    /// <summary>The error of a message that comes too early in slow mode.</summary>
    public static ChatError CreateSlowMode(string room, TimeSpan interval, TimeSpan left) =>
        new(ErrorCode.SlowMode, $"\"{room}\" is in slow mode: one message in {interval.TotalSeconds:0} s; wait {Math.Max(left.TotalSeconds, 0.1):0.0} s", RetryAfterMs: ToMilliseconds(left));

    /// <param name="ban">The ban, which has not ended.</param>
    public static ChatError CreateBanned(string room, RoomBan ban, DateTimeOffset now) => ban.Until is { } until
        ? new(ErrorCode.Banned, $"you are banned from \"{room}\" until {Format(until)}", RetryAfterMs: ToMilliseconds(until - now))
        : new(ErrorCode.Banned, $"you are banned from \"{room}\"");

    private static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static int ToMilliseconds(TimeSpan time) => (int)Math.Clamp(time.TotalMilliseconds, 1, int.MaxValue);

    /// <summary>The error of a request that failed because of the storage.</summary>
    public static ChatError CreateUnavailable(StorageException fault) => fault.IsDamage
        ? new(ErrorCode.Unavailable, "the server can no longer read this data; the operator can find the reason in the server's log")
        : new(ErrorCode.Unavailable, "the server cannot read or store data at the moment; try again in a moment", RetryAfterMs: 1000);

    /// <summary>The error of a message that was not stored. The client may send the message again.</summary>
    public static ChatError CreateNotStored() =>
        new(ErrorCode.Unavailable, "the message could not be stored; send it again in a moment", RetryAfterMs: 1000);
}
