using RawSocketChat.Protocol.Chat;

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

    /// <param name="what">A plural noun: what the client sends too fast, for example "messages".</param>
    /// <param name="retryAfterMs">Milliseconds after which the client may send again.</param>
    public static ChatError CreateRateLimited(string what, int retryAfterMs) =>
        new(ErrorCode.RateLimited, $"too many {what}; wait {retryAfterMs / 1000.0:0.0} s", RetryAfterMs: retryAfterMs);

    /// <summary>The error of a message that was not stored, so that the client may send it again.</summary>
    public static ChatError CreateNotStored() =>
        new(ErrorCode.Unavailable, "the message could not be stored; send it again in a moment", RetryAfterMs: 1000);
}
