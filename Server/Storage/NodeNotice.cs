namespace RawSocketChat.Server.Storage;

/// <summary>A notice that a server sends to the other servers of the chat. It contains no secret and no text of a message.</summary>
public abstract record NodeNotice;

/// <summary>A room has events up to a seq.</summary>
public sealed record EventsNotice(string Room, long Seq) : NodeNotice;

/// <summary>A user has removed a room.</summary>
public sealed record RoomRemovedNotice(string Room, string User, string Name) : NodeNotice;

/// <summary>Sessions of a user have ended. Their connections must be closed. The storage shows which sessions have ended.</summary>
public sealed record SessionsEndedNotice(string User) : NodeNotice;

/// <summary>The name of a user has changed.</summary>
public sealed record UserRenamedNotice(string User, string Name) : NodeNotice;

/// <summary>A user was invited to a room, has joined it, has left it or was removed from it.</summary>
/// <param name="InvitedBy">The user who has sent the invitation; null if the notice is not about an invitation.</param>
/// <param name="InviterName">The name of that user.</param>
public sealed record MembershipNotice(string User, string Room, string? InvitedBy = null, string? InviterName = null) : NodeNotice;

/// <summary>A user is writing in a room, or has stopped.</summary>
public sealed record TypingNotice(string Room, string User, string Name, bool Off) : NodeNotice;

/// <summary>A user has read a room up to a seq.</summary>
public sealed record ReadNotice(string Room, string User, long Seq) : NodeNotice;

/// <summary>The users who are in a room at the sending server have changed. The table <c>presence</c> lists them.</summary>
public sealed record PresenceNotice(string Room) : NodeNotice;
