namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// One request of a client. This record has the fields of all types. A field is null (a flag is false) if the client omitted it or left it
/// empty, or if the type does not have it.
/// </summary>
public sealed record ClientFrame
{
    /// <summary>The type of the request.</summary>
    public required ClientFrameType Type { get; init; }
    /// <summary>The id that the answer repeats; <c>default</c> if the client sent no id.</summary>
    public FrameId Id { get; init; }
    /// <summary>True if a person typed the frame as a line of text and not as JSON. The hint of an error is then a command.</summary>
    public bool IsTyped { get; init; }

    /// <summary>hello, nick, register, login: the requested name. tokens: the name of the token.</summary>
    public string? Name { get; init; }
    /// <summary>hello: the token of an earlier welcome.</summary>
    public string? Session { get; init; }
    /// <summary>hello: a JSON Web Token in which the operator's own site states who the user is.</summary>
    public string? Jwt { get; init; }
    /// <summary>hello: <c>text</c> or <c>json</c>, the format of all later frames of the server.</summary>
    public string? Format { get; init; }
    /// <summary>register, login: the password.</summary>
    public string? Password { get; init; }
    /// <summary>password: the current password.</summary>
    public string? Old { get; init; }
    /// <summary>password: the new password.</summary>
    public string? New { get; init; }
    /// <summary>The room's name without a leading <c>#</c>; null means the connection's current room.</summary>
    public string? Room { get; init; }
    /// <summary>join: the epoch to which <see cref="After"/> belongs.</summary>
    public string? Epoch { get; init; }
    /// <summary>say, edit, dm: the message text. topic: the new topic; an empty text clears the topic, and null asks for the topic.</summary>
    public string? Text { get; init; }
    /// <summary>react: the emoji.</summary>
    public string? Emoji { get; init; }
    /// <summary>rooms: lists only rooms whose name contains this text.</summary>
    public string? Match { get; init; }
    /// <summary>create: the new room's topic.</summary>
    public string? Topic { get; init; }
    /// <summary>invite, role, kick, ban, unban, mute, unmute: the name of the user whom the request concerns.</summary>
    public string? User { get; init; }
    /// <summary>dm: the name of the other user.</summary>
    public string? To { get; init; }
    /// <summary>role: <c>owner</c>, <c>moderator</c> or <c>member</c>.</summary>
    public string? Role { get; init; }
    /// <summary>kick, ban, unban, mute, unmute: the reason.</summary>
    public string? Reason { get; init; }
    /// <summary>notify: <c>all</c>, <c>mentions</c> or <c>none</c>.</summary>
    public string? Level { get; init; }
    /// <summary>tokens: <c>create</c>, <c>list</c> or <c>revoke</c>. webhook: <c>set</c>, <c>show</c>, <c>retry</c> or <c>remove</c>.</summary>
    public string? Do { get; init; }
    /// <summary>webhook: the address to which the server sends the events of the room.</summary>
    public string? Url { get; init; }
    /// <summary>search: the words to search for, and filters; see <see cref="SearchQuery"/>.</summary>
    public string? Query { get; init; }
    /// <summary>search: finds only messages of the user with this name.</summary>
    public string? From { get; init; }
    /// <summary>help: the name of a command.</summary>
    public string? About { get; init; }

    /// <summary>join, history: events after this seq (0 or more).</summary>
    public long? After { get; init; }
    /// <summary>history: events before this seq (0 or more). search: messages before this cursor of an earlier answer (0 or more).</summary>
    public long? Before { get; init; }
    /// <summary>history: events on both sides of this seq (0 or more).</summary>
    public long? Around { get; init; }
    /// <summary>edit, delete, react, read: the seq of the event (0 or more).</summary>
    public long? Seq { get; init; }
    /// <summary>say: the seq of the message to which this one replies (0 or more).</summary>
    public long? Reply { get; init; }
    /// <summary>
    /// join, history, search: the maximum number of messages. who: the maximum number of members. The minimum is 0 for join, and otherwise 1. The
    /// server has its own maximum.
    /// </summary>
    public int? Limit { get; init; }
    /// <summary>kick, ban, mute: the duration in seconds (0 or more). slow: the interval in seconds (0 or more).</summary>
    public int? Seconds { get; init; }

    /// <summary>say: the ids of uploaded files.</summary>
    public IReadOnlyList<string>? Files { get; init; }
    /// <summary>say: whether the message is an action (<c>* ann waves</c>).</summary>
    public bool Me { get; init; }
    /// <summary>react: whether to remove the emoji. typing: whether the user has stopped writing.</summary>
    public bool Off { get; init; }
    /// <summary>create: whether only invited users can join.</summary>
    public bool Private { get; init; }
    /// <summary>logout: whether to end all sessions of the account.</summary>
    public bool Everywhere { get; init; }
}
