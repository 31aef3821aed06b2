namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// One request of a client. One flat record for all types: a field that the type does not have, or that the client left out
/// or empty, is null (false for a flag).
/// </summary>
public sealed record ClientFrame
{
    /// <summary>What is asked for.</summary>
    public required ClientFrameType Type { get; init; }
    /// <summary>What the answer has to bear; none where the client gave none.</summary>
    public FrameId Id { get; init; }
    /// <summary>True where a person typed it as a line of text, not as JSON: hints for it are best in command form.</summary>
    public bool Typed { get; init; }

    /// <summary>hello, nick, register, login: the name wanted.</summary>
    public string? Name { get; init; }
    /// <summary>hello: the token of an earlier welcome.</summary>
    public string? Session { get; init; }
    /// <summary>hello: <c>text</c> or <c>json</c>, the format of what the server sends from now on.</summary>
    public string? Format { get; init; }
    /// <summary>register, login.</summary>
    public string? Password { get; init; }
    /// <summary>The room's name without a leading <c>#</c>; null means the connection's current room.</summary>
    public string? Room { get; init; }
    /// <summary>join: the epoch that <see cref="After"/> counts in.</summary>
    public string? Epoch { get; init; }
    /// <summary>say, edit, dm: the words. topic: the new topic, which may be empty.</summary>
    public string? Text { get; init; }
    /// <summary>react.</summary>
    public string? Emoji { get; init; }
    /// <summary>rooms: only those whose name holds this.</summary>
    public string? Match { get; init; }
    /// <summary>create: the new room's topic.</summary>
    public string? Topic { get; init; }
    /// <summary>The name of the person that the frame is about.</summary>
    public string? User { get; init; }
    /// <summary>dm: the other's name.</summary>
    public string? To { get; init; }
    /// <summary>role: <c>owner</c>, <c>moderator</c> or <c>member</c>.</summary>
    public string? Role { get; init; }
    /// <summary>kick, ban, mute and their opposites.</summary>
    public string? Reason { get; init; }
    /// <summary>search.</summary>
    public string? Query { get; init; }
    /// <summary>help: a command's name.</summary>
    public string? About { get; init; }

    /// <summary>join, history: events after this seq (0 or more).</summary>
    public long? After { get; init; }
    /// <summary>history, search: events before this seq (0 or more).</summary>
    public long? Before { get; init; }
    /// <summary>edit, delete, react, read: the event that is meant (0 or more).</summary>
    public long? Seq { get; init; }
    /// <summary>say: the message that this one answers (0 or more).</summary>
    public long? Reply { get; init; }
    /// <summary>join, history, search: at most so many (1 or more; the cap is the server's).</summary>
    public int? Limit { get; init; }
    /// <summary>kick, ban, mute, slow: for how long, in seconds (0 or more).</summary>
    public int? Seconds { get; init; }

    /// <summary>say: the ids of uploaded files.</summary>
    public IReadOnlyList<string>? Files { get; init; }
    /// <summary>say: an action (<c>* ann waves</c>).</summary>
    public bool Me { get; init; }
    /// <summary>react: takes the emoji off.</summary>
    public bool Off { get; init; }
    /// <summary>create: only those invited can join.</summary>
    public bool Private { get; init; }
}
