namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// One frame of the server. This file contains all types of server frames.
/// A <see cref="FrameId"/> is the id of the request that the frame answers. On the wire, an absent id and null values are omitted.
/// </summary>
public abstract record ServerFrame;

/// <summary>The user of the connection, and the server's limits. On the wire the frame also has <c>protocol</c> (1).</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Session">The secret token with which the client can resume the session.</param>
/// <param name="User">The stable id of the user.</param>
/// <param name="Name">The user's current name.</param>
/// <param name="Guest">True if the user has no account.</param>
/// <param name="Server">The server's name and version.</param>
/// <param name="At">The server's time.</param>
/// <param name="Limits">The server's limits for client frames.</param>
/// <param name="Rooms">The rooms that the user is in.</param>
/// <param name="Features">Words for the features that this server offers; null if there are none.</param>
public sealed record WelcomeFrame(
    FrameId Id, string Session, string User, string Name, bool Guest, string Server, DateTimeOffset At,
    WelcomeLimits Limits, IReadOnlyList<string> Rooms, IReadOnlyList<string>? Features = null) : ServerFrame;

/// <summary>The server's limits for client frames.</summary>
/// <param name="FrameBytes">The maximum size of a frame in bytes.</param>
/// <param name="TextLength">The maximum length of a text in characters.</param>
/// <param name="MessagesPerSecond">The maximum average number of messages a second.</param>
/// <param name="NamedMembers">
/// The maximum number of members that <c>joined</c> lists. In a room with more members, <c>presence</c> has no names.
/// </param>
/// <param name="FileBytes">The maximum size of an uploaded file in bytes; 0 if the server takes no files.</param>
public sealed record WelcomeLimits(int FrameBytes, int TextLength, int MessagesPerSecond, int NamedMembers, long FileBytes = 0);

/// <summary>The request succeeded, and its result is stored.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Room">The room of the event.</param>
/// <param name="Seq">The sequence number of the event.</param>
/// <param name="At">The time when the event was stored.</param>
/// <param name="Duplicate">True if the user has used this id before. Nothing was posted, and the other values are those of the first post.</param>
/// <param name="Name">After <c>nick</c>: the new name.</param>
/// <param name="Topic">After <c>topic</c> without a text: the topic of the room; may be empty.</param>
public sealed record AckFrame(
    FrameId Id, string? Room = null, long? Seq = null, DateTimeOffset? At = null, bool Duplicate = false, string? Name = null,
    string? Topic = null) : ServerFrame;

/// <summary>The request failed. On the wire the fields of the error are fields of the frame.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Error">The reason.</param>
public sealed record ErrorFrame(FrameId Id, ChatError Error) : ServerFrame;

/// <summary>The connection has joined the room.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Room">The name of the room, spelled as it was created.</param>
/// <param name="Epoch">The name of the room's log, to which the sequence numbers belong.</param>
/// <param name="Seq">The sequence number of the newest event; 0 if there is none.</param>
/// <param name="Topic">The topic; may be empty.</param>
/// <param name="Role">The user's role in the room.</param>
/// <param name="Members">The first members, at most <see cref="WelcomeLimits.NamedMembers"/>.</param>
/// <param name="MemberCount">The number of all members.</param>
/// <param name="Recovered">True if the server has all events after the client's last one. Set only if the request had <c>after</c>.</param>
/// <param name="Messages">Complete JSON frames in UTF-8, oldest first. The server writes these frames unchanged.</param>
/// <param name="Read">The user's read mark, which any device may have set; null if there is none (on the wire 0).</param>
/// <param name="Private">Whether only invited users can join.</param>
/// <param name="With">In a direct room: the other user.</param>
/// <param name="Slow">The minimum time between two messages of one user in seconds; 0 if there is none.</param>
/// <param name="Unread">The number of other users' messages after the read mark.</param>
/// <param name="Mentions">The number of these messages that mention the user.</param>
/// <param name="Notify">Which messages notify the user: <c>all</c>, <c>mentions</c> or <c>none</c>.</param>
public sealed record JoinedFrame(
    FrameId Id, string Room, string Epoch, long Seq, string Topic, string Role, IReadOnlyList<Person> Members, int MemberCount,
    bool? Recovered, IReadOnlyList<ReadOnlyMemory<byte>> Messages, long? Read = null, bool Private = false, Person? With = null, int Slow = 0,
    int Unread = 0, int Mentions = 0, string Notify = "all") : ServerFrame;

/// <summary>Event: a user posted a message.</summary>
/// <param name="Room">The room.</param>
/// <param name="Seq">The sequence number of the event.</param>
/// <param name="At">The time when the event was stored.</param>
/// <param name="From">The sender.</param>
/// <param name="Text">The text; empty if the message is deleted.</param>
/// <param name="Reply">The sequence number of the message to which this one replies.</param>
/// <param name="Me">Whether the message is an action.</param>
/// <param name="Mentions">The ids of the users whom the text mentions, and <c>here</c> if it mentions all members.</param>
/// <param name="Edited">In pages of stored messages: the time of the last edit; null if there was none.</param>
/// <param name="Deleted">In pages of stored messages: whether the message is deleted. The frame then has no text.</param>
/// <param name="Reactions">In pages of stored messages: the reactions; null or empty if there are none.</param>
/// <param name="Snippet">In the answer to a search: the part of the text that was found; null elsewhere.</param>
/// <param name="Files">The files of the message; null or empty if there are none. A message with files may have an empty text.</param>
public sealed record MessageFrame(
    string Room, long Seq, DateTimeOffset At, Person From, string Text, long? Reply = null, bool Me = false,
    IReadOnlyList<string>? Mentions = null, DateTimeOffset? Edited = null, bool Deleted = false,
    IReadOnlyList<Reaction>? Reactions = null, Snippet? Snippet = null, IReadOnlyList<AttachedFile>? Files = null) : ServerFrame;

/// <summary>One emoji on a message, and the users who reacted with it.</summary>
/// <param name="Emoji">The emoji.</param>
/// <param name="People">The users, in the order of their reactions.</param>
public sealed record Reaction(string Emoji, IReadOnlyList<Person> People);

/// <summary>Event: a user changed the text of a message.</summary>
/// <param name="Room">The room.</param>
/// <param name="Seq">The sequence number of the event.</param>
/// <param name="At">The time when the event was stored.</param>
/// <param name="From">The user who changed the text.</param>
/// <param name="Of">The sequence number of the message.</param>
/// <param name="Text">The new text.</param>
/// <param name="Mentions">The ids of the users whom the new text mentions, and <c>here</c> if it mentions all members.</param>
public sealed record EditedFrame(
    string Room, long Seq, DateTimeOffset At, Person From, long Of, string Text, IReadOnlyList<string>? Mentions = null) : ServerFrame;

/// <summary>Event: a user deleted a message.</summary>
/// <param name="Room">The room.</param>
/// <param name="Seq">The sequence number of the event.</param>
/// <param name="At">The time when the event was stored.</param>
/// <param name="From">The user who deleted the message.</param>
/// <param name="Of">The sequence number of the message.</param>
public sealed record DeletedFrame(string Room, long Seq, DateTimeOffset At, Person From, long Of) : ServerFrame;

/// <summary>Event: a user added an emoji to a message, or removed it.</summary>
/// <param name="Room">The room.</param>
/// <param name="Seq">The sequence number of the event.</param>
/// <param name="At">The time when the event was stored.</param>
/// <param name="From">The user who reacted.</param>
/// <param name="Of">The sequence number of the message.</param>
/// <param name="Emoji">The emoji.</param>
/// <param name="Off">Whether the user removed the emoji.</param>
public sealed record ReactedFrame(string Room, long Seq, DateTimeOffset At, Person From, long Of, string Emoji, bool Off = false) : ServerFrame;

/// <summary>
/// A user moderated another user or the room. This is an event, except for the action <c>close</c>. On the wire, <c>user</c> is the id and
/// <c>name</c> is the name of the other user.
/// </summary>
/// <param name="Room">The room.</param>
/// <param name="Seq">The sequence number of the event.</param>
/// <param name="At">The time when the event was stored.</param>
/// <param name="From">The user who moderated.</param>
/// <param name="Action"><c>kick</c>, <c>ban</c>, <c>unban</c>, <c>mute</c>, <c>unmute</c>, <c>role</c>, <c>slow</c> or <c>close</c>.</param>
/// <param name="User">The user whom the action concerns; null for <c>slow</c> and <c>close</c>.</param>
/// <param name="Role">For <c>role</c>: <c>owner</c>, <c>moderator</c> or <c>member</c>.</param>
/// <param name="Seconds">The duration in seconds; null if there is no end. For <c>slow</c>: the interval in seconds, 0 if slow mode ended.</param>
/// <param name="Reason">The reason, if the user gave one.</param>
public sealed record ModeratedFrame(
    string Room, long Seq, DateTimeOffset At, Person From, string Action, Person? User = null, string? Role = null, long? Seconds = null,
    string? Reason = null) : ServerFrame;

/// <summary>Event: a user set the topic.</summary>
/// <param name="Room">The room.</param>
/// <param name="Seq">The sequence number of the event.</param>
/// <param name="At">The time when the event was stored.</param>
/// <param name="From">The user who set the topic.</param>
/// <param name="Text">The new topic; may be empty.</param>
public sealed record TopicFrame(string Room, long Seq, DateTimeOffset At, Person From, string Text) : ServerFrame;

/// <summary>The members of a room changed. The server does not store this frame.</summary>
/// <param name="Room">The room.</param>
/// <param name="User">The id of the user; null for <c>count</c>.</param>
/// <param name="Name">The user's current name; null for <c>count</c>.</param>
/// <param name="State"><c>joined</c>, <c>left</c>, <c>renamed</c>, or, in large rooms, <c>count</c>.</param>
/// <param name="Was">The previous name of a renamed user.</param>
/// <param name="MemberCount">The current number of members. Always set for <c>count</c>.</param>
/// <param name="At">The time of the change, in UTC. The text format shows it for <c>joined</c>, <c>left</c> and <c>renamed</c>.</param>
/// <param name="Role">For <c>joined</c>: <c>owner</c> or <c>moderator</c>; null if the user is neither.</param>
public sealed record PresenceFrame(
    string Room, string? User, string? Name, string State, string? Was = null, int? MemberCount = null, DateTimeOffset? At = null, string? Role = null) : ServerFrame;

/// <summary>A user is writing. The server does not store this frame. It expires after 6 seconds.</summary>
/// <param name="Room">The room.</param>
/// <param name="User">The id of the user.</param>
/// <param name="Name">The name of the user.</param>
/// <param name="Off">Whether the user has stopped writing.</param>
public sealed record TypingFrame(string Room, string User, string Name, bool Off = false) : ServerFrame;

/// <summary>The user's read mark moved. Only the user's own other connections get this frame. It is not an event of the log.</summary>
/// <param name="Room">The room.</param>
/// <param name="Seq">The newest event that the user has read.</param>
/// <param name="Unread">The number of other users' messages after the mark.</param>
/// <param name="Mentions">The number of these messages that mention the user.</param>
public sealed record ReadFrame(string Room, long Seq, int Unread, int Mentions) : ServerFrame;

/// <summary>A user invited the user of the connection to a room.</summary>
/// <param name="Room">The room.</param>
/// <param name="From">The user who invited.</param>
/// <param name="At">The time of the invitation.</param>
/// <param name="Topic">The topic of the room; may be empty.</param>
public sealed record InvitedFrame(string Room, Person From, DateTimeOffset At, string Topic) : ServerFrame;

/// <summary>Stored messages: the answer to <c>history</c>.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Room">The room.</param>
/// <param name="Messages">Complete JSON frames in UTF-8, oldest first. The server writes these frames unchanged.</param>
/// <param name="More">Whether there are more messages in the requested direction.</param>
public sealed record HistoryFrame(FrameId Id, string Room, IReadOnlyList<ReadOnlyMemory<byte>> Messages, bool More) : ServerFrame;

/// <summary>Messages that a search has found: the answer to <c>search</c>.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Query">The query of the request.</param>
/// <param name="Messages">Complete JSON frames in UTF-8, newest first. The server writes these frames unchanged.</param>
/// <param name="Before">The cursor of the next page; null if there are no more messages.</param>
public sealed record ResultsFrame(FrameId Id, string Query, IReadOnlyList<ReadOnlyMemory<byte>> Messages, long? Before = null) : ServerFrame;

/// <summary>The rooms that are visible to the user: the answer to <c>rooms</c>.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Rooms">The rooms.</param>
public sealed record RoomsFrame(FrameId Id, IReadOnlyList<RoomInfo> Rooms) : ServerFrame;

/// <summary>One room in a list.</summary>
/// <param name="Room">The name of the room.</param>
/// <param name="Topic">The topic; may be empty.</param>
/// <param name="MemberCount">The number of members.</param>
public sealed record RoomInfo(string Room, string Topic, int MemberCount);

/// <summary>The members of a room: the answer to <c>who</c>.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Room">The room.</param>
/// <param name="Members">The first members.</param>
/// <param name="MemberCount">The number of all members.</param>
/// <param name="Away">
/// Owners and moderators of the room who are not in it now, with their roles. Null or empty if there are none, or if the user who asks is not in the room.
/// </param>
public sealed record WhoFrame(FrameId Id, string Room, IReadOnlyList<Person> Members, int MemberCount, IReadOnlyList<Person>? Away = null) : ServerFrame;

/// <summary>The tokens with which programs post to a room: the answer to <c>tokens</c>.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Do">The request: <c>create</c>, <c>list</c> or <c>revoke</c>.</param>
/// <param name="Room">The room.</param>
/// <param name="Tokens">The tokens of the room after the request, in the order of their names.</param>
/// <param name="Name">For <c>create</c> and <c>revoke</c>: the name of the token.</param>
/// <param name="Token">For <c>create</c>: the secret token. No other frame contains it.</param>
public sealed record TokensFrame(FrameId Id, string Do, string Room, IReadOnlyList<TokenInfo> Tokens, string? Name = null, string? Token = null) : ServerFrame;

/// <summary>A token of a room, without the secret.</summary>
/// <param name="Name">The name of the token, which is also the name of its bot.</param>
/// <param name="At">The time of its creation.</param>
public sealed record TokenInfo(string Name, DateTimeOffset At);

/// <summary>The webhook of a room: the answer to <c>webhook</c>.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Do">The request: <c>set</c>, <c>show</c>, <c>retry</c> or <c>remove</c>.</param>
/// <param name="Room">The room.</param>
/// <param name="Failed">The events that the server has given up, in the order of their sequence numbers.</param>
/// <param name="Url">The address to which the server sends the events; null if the room has no webhook.</param>
/// <param name="Secret">For <c>set</c>: the key of the signatures. No other frame contains it.</param>
/// <param name="Delivered">The sequence number up to which no event waits for delivery any more; null if the room has no webhook.</param>
/// <param name="Failing">The last error, if the newest attempt failed.</param>
public sealed record WebhookFrame(
    FrameId Id, string Do, string Room, IReadOnlyList<WebhookFailedEvent> Failed, string? Url = null, string? Secret = null, long? Delivered = null, WebhookFailing? Failing = null) : ServerFrame;

/// <summary>The state of a webhook whose newest attempt failed.</summary>
/// <param name="Error">The error of the newest attempt.</param>
/// <param name="Since">The time of the first failed attempt after the last success.</param>
/// <param name="Next">The time of the next attempt; null if the receiver has turned the webhook off.</param>
public sealed record WebhookFailing(string Error, DateTimeOffset Since, DateTimeOffset? Next);

/// <summary>An event that the server could not deliver and has given up.</summary>
/// <param name="Seq">The sequence number of the event.</param>
/// <param name="At">The time at which the server gave up.</param>
/// <param name="Attempts">The number of attempts. 0 if the event only waited for the delivery of earlier events.</param>
/// <param name="Error">The last error.</param>
public sealed record WebhookFailedEvent(long Seq, DateTimeOffset At, int Attempts, string Error);

/// <summary>A list of commands: the answer to <c>help</c>.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="About">The command that the client asked about; null for all.</param>
/// <param name="Commands">The commands.</param>
public sealed record HelpFrame(FrameId Id, string? About, IReadOnlyList<HelpEntry> Commands) : ServerFrame;

/// <summary>One command of <c>help</c>.</summary>
/// <param name="Command">The name of the command: <c>join</c>.</param>
/// <param name="Usage">The line that a person types: <c>/join room</c>. Brackets mark optional arguments.</param>
/// <param name="Json">An example as a JSON frame. It can be sent as it is.</param>
/// <param name="Text">A short description of the command.</param>
public sealed record HelpEntry(string Command, string Usage, string Json, string Text);

/// <summary>The answer to <c>ping</c>.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="At">The server's time.</param>
public sealed record PongFrame(FrameId Id, DateTimeOffset At) : ServerFrame;

/// <summary>
/// The time when the server handed the preceding frames to the connection. Only clients that ask with <c>wire=1</c> get this frame.
/// The frame does not change the cursor.
/// </summary>
/// <param name="At">The time of the server's clock. On the wire <c>at</c> has milliseconds, and <c>us</c> has the remaining microseconds.</param>
public sealed record WireFrame(DateTimeOffset At) : ServerFrame;

/// <summary>These events are not available. The server sends this frame before the available events.</summary>
/// <param name="Room">The room.</param>
/// <param name="From">The sequence number of the first missing event.</param>
/// <param name="To">The sequence number of the last missing event.</param>
public sealed record GapFrame(string Room, long From, long To) : ServerFrame;

/// <summary>A warning: the client reads too slowly.</summary>
/// <param name="Queued">The number of bytes that wait in the outbox.</param>
/// <param name="Limit">The number of waiting bytes at which the server closes the connection.</param>
public sealed record LagFrame(long Queued, long Limit) : ServerFrame;

/// <summary>The last frame before the server closes the connection.</summary>
/// <param name="Code">The close code.</param>
/// <param name="Text">The reason, for a person.</param>
/// <param name="Reconnect">Whether the client should reconnect.</param>
/// <param name="AfterMs">The time to wait before reconnecting, in milliseconds.</param>
public sealed record ByeFrame(ushort Code, string Text, bool Reconnect, long? AfterMs = null) : ServerFrame;
