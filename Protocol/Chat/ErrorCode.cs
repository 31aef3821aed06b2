namespace RawSocketChat.Protocol.Chat;

/// <summary>The fixed words that an <c>error</c> bears in <c>code</c>: for programs; the sentence beside it is for people.</summary>
public static class ErrorCode
{
    /// <summary>The frame is not JSON in UTF-8, or is nested too deeply.</summary>
    public const string BadJson = "bad-json";
    /// <summary>The bytes are no frame at all: neither JSON nor a line of text.</summary>
    public const string BadFrame = "bad-frame";
    /// <summary>The type, or the typed command, does not exist.</summary>
    public const string UnknownType = "unknown-type";
    /// <summary>A field that the type needs is absent or empty.</summary>
    public const string MissingField = "missing-field";
    /// <summary>A field has a value of the wrong kind or out of range.</summary>
    public const string BadField = "bad-field";
    /// <summary>A text is longer than the server takes.</summary>
    public const string TooLong = "too-long";
    /// <summary>There is no such room.</summary>
    public const string NoRoom = "no-room";
    /// <summary>The room exists, but the sender is not in it.</summary>
    public const string NotInRoom = "not-in-room";
    /// <summary>The sender may not do this.</summary>
    public const string NotAllowed = "not-allowed";
    /// <summary>What the frame speaks of (a message, a person) is not there.</summary>
    public const string NotFound = "not-found";
    /// <summary>The name belongs to someone else.</summary>
    public const string NameTaken = "name-taken";
    /// <summary>The name has characters, or a length, that a name may not have.</summary>
    public const string BadName = "bad-name";
    /// <summary>The password is wrong, or too weak to register with.</summary>
    public const string BadPassword = "bad-password";
    /// <summary>The sender is banned from the room.</summary>
    public const string Banned = "banned";
    /// <summary>The sender may read the room, but not speak in it for now.</summary>
    public const string Muted = "muted";
    /// <summary>The room is in slow mode, and the sender's last message is too recent.</summary>
    public const string SlowMode = "slow-mode";
    /// <summary>The sender sends more than its share.</summary>
    public const string RateLimited = "rate-limited";
    /// <summary>The frame has more bytes than the server takes.</summary>
    public const string TooBig = "too-big";
    /// <summary>The server can't do this now, but may be able to later.</summary>
    public const string Unavailable = "unavailable";
    /// <summary>The server failed; the fault is its own.</summary>
    public const string Internal = "internal";
}
