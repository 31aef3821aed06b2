namespace RawSocketChat.Protocol.Chat;

/// <summary>The values of <c>code</c> in an <c>error</c> frame. The code is for programs; the frame's <c>text</c> is for people.</summary>
public static class ErrorCode
{
    /// <summary>The frame is not JSON in UTF-8, or is nested too deeply.</summary>
    public const string BadJson = "bad-json";
    /// <summary>The bytes are not a frame, for example a typed line that is not UTF-8.</summary>
    public const string BadFrame = "bad-frame";
    /// <summary>The type, or the typed command, does not exist.</summary>
    public const string UnknownType = "unknown-type";
    /// <summary>A field that the type needs is absent or empty.</summary>
    public const string MissingField = "missing-field";
    /// <summary>A field has a value of the wrong kind or out of range.</summary>
    public const string BadField = "bad-field";
    /// <summary>A text is longer than the server allows.</summary>
    public const string TooLong = "too-long";
    /// <summary>There is no such room.</summary>
    public const string NoRoom = "no-room";
    /// <summary>There is already a room with this name, or with a name that looks the same.</summary>
    public const string RoomExists = "room-exists";
    /// <summary>The room exists, but the sender is not in it.</summary>
    public const string NotInRoom = "not-in-room";
    /// <summary>The sender may not do this.</summary>
    public const string NotAllowed = "not-allowed";
    /// <summary>The message, user, session or file that the request refers to does not exist.</summary>
    public const string NotFound = "not-found";
    /// <summary>The name belongs to another user, or looks the same as the name of another user.</summary>
    public const string NameTaken = "name-taken";
    /// <summary>The name has an invalid character or length.</summary>
    public const string BadName = "bad-name";
    /// <summary>The password is wrong, or its length is not allowed.</summary>
    public const string BadPassword = "bad-password";
    /// <summary>The sender is banned from the room.</summary>
    public const string Banned = "banned";
    /// <summary>The sender may read the room, but may not post in it for now.</summary>
    public const string Muted = "muted";
    /// <summary>The room is in slow mode, and the sender's last message is too recent.</summary>
    public const string SlowMode = "slow-mode";
    /// <summary>The sender exceeds a rate limit.</summary>
    public const string RateLimited = "rate-limited";
    /// <summary>The frame or the file has more bytes than the server allows.</summary>
    public const string TooBig = "too-big";
    /// <summary>A maximum number or a quota is reached, such as the number of reactions of one message.</summary>
    public const string TooMany = "too-many";
    /// <summary>This server does not offer the request.</summary>
    public const string NotOffered = "not-offered";
    /// <summary>Storage or another part of the server failed for now. The client can try again.</summary>
    public const string Unavailable = "unavailable";
    /// <summary>The server failed. The client is not at fault.</summary>
    public const string Internal = "internal";
}
