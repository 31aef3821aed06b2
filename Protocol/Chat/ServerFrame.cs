namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// One frame of the server. All kinds stand in this one file, so that the server's half of the wire reads as one list.
/// A <see cref="FrameId"/> is that of the request that is answered; none is left out on the wire, as is every null.
/// </summary>
public abstract record ServerFrame;

/// <summary>Who the connection is. <c>protocol</c> (1) is added on the wire.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Session">The secret token to come back with.</param>
/// <param name="User">The stable id.</param>
/// <param name="Name">The present name.</param>
/// <param name="Guest">True where no account stands behind the name.</param>
/// <param name="Server">The server's name and version.</param>
/// <param name="At">The server's time.</param>
/// <param name="Limits">What the server takes.</param>
/// <param name="Rooms">The rooms that the user is in.</param>
public sealed record WelcomeFrame(
    FrameId Id, string Session, string User, string Name, bool Guest, string Server, DateTimeOffset At,
    WelcomeLimits Limits, IReadOnlyList<string> Rooms) : ServerFrame;

/// <summary>What the server takes from a client.</summary>
/// <param name="FrameBytes">The most bytes of a frame.</param>
/// <param name="TextLength">The most characters of a text.</param>
/// <param name="MessagesPerSecond">The most messages a second, over time.</param>
public sealed record WelcomeLimits(int FrameBytes, int TextLength, int MessagesPerSecond);

/// <summary>Done; what the request made is stored.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Room">Where.</param>
/// <param name="Seq">The event's number.</param>
/// <param name="At">When it was stored.</param>
/// <param name="Duplicate">True where this id was used before: nothing was posted, and the rest is the first one's.</param>
/// <param name="Name">After <c>nick</c>: the name as it is now.</param>
public sealed record AckFrame(
    FrameId Id, string? Room = null, long? Seq = null, DateTimeOffset? At = null, bool Duplicate = false, string? Name = null) : ServerFrame;

/// <summary>Not done; flat on the wire.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Error">Why.</param>
public sealed record ErrorFrame(FrameId Id, ChatError Error) : ServerFrame;

/// <summary>The client is in the room.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Room">The room, as created.</param>
/// <param name="Epoch">The name of the log that the seqs count in.</param>
/// <param name="Seq">The newest event's number; 0 where there is none.</param>
/// <param name="Topic">The topic; may be empty.</param>
/// <param name="Role">The client's role.</param>
/// <param name="Members">The first 100.</param>
/// <param name="MemberCount">All.</param>
/// <param name="Recovered">Only where the request had <c>after</c>: whether nothing is missing.</param>
/// <param name="Messages">Each a complete JSON frame in UTF-8, oldest first; written as it is.</param>
/// <param name="Read">How far the client's user has read, by whichever device; null where nothing was told.</param>
public sealed record JoinedFrame(
    FrameId Id, string Room, string Epoch, long Seq, string Topic, string Role, IReadOnlyList<Person> Members, int MemberCount,
    bool? Recovered, IReadOnlyList<ReadOnlyMemory<byte>> Messages, long? Read = null) : ServerFrame;

/// <summary>Somebody said something.</summary>
/// <param name="Room">Where.</param>
/// <param name="Seq">The event's number.</param>
/// <param name="At">When it was stored.</param>
/// <param name="From">Who.</param>
/// <param name="Text">What.</param>
/// <param name="Reply">The seq that it answers.</param>
/// <param name="Me">True: an action.</param>
public sealed record MessageFrame(
    string Room, long Seq, DateTimeOffset At, Person From, string Text, long? Reply = null, bool Me = false) : ServerFrame;

/// <summary>Somebody set the topic.</summary>
/// <param name="Room">Where.</param>
/// <param name="Seq">The event's number.</param>
/// <param name="At">When it was stored.</param>
/// <param name="From">Who.</param>
/// <param name="Text">The new topic; may be empty.</param>
public sealed record TopicFrame(string Room, long Seq, DateTimeOffset At, Person From, string Text) : ServerFrame;

/// <summary>Who is in a room has changed. Not logged.</summary>
/// <param name="Room">Where.</param>
/// <param name="User">Whose presence; null for <c>count</c>.</param>
/// <param name="Name">The name (after a renaming: the new one); null for <c>count</c>.</param>
/// <param name="State"><c>joined</c>, <c>left</c>, <c>renamed</c>, or, in large rooms, <c>count</c>.</param>
/// <param name="Was">The name before a renaming.</param>
/// <param name="MemberCount">How many are there now; always given with <c>count</c>.</param>
/// <param name="At">When, UTC; so that a person reads it with the time.</param>
public sealed record PresenceFrame(
    string Room, string? User, string? Name, string State, string? Was = null, int? MemberCount = null, DateTimeOffset? At = null) : ServerFrame;

/// <summary>Somebody has read up to a message. Not logged; told in rooms that tell names.</summary>
/// <param name="Room">Where.</param>
/// <param name="User">Who.</param>
/// <param name="Name">The name.</param>
/// <param name="Seq">The newest event that they have read.</param>
public sealed record ReadFrame(string Room, string User, string Name, long Seq) : ServerFrame;

/// <summary>Stored messages.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Room">Where.</param>
/// <param name="Messages">Each a complete JSON frame in UTF-8, oldest first; written as it is.</param>
/// <param name="More">True where there are more in the direction that was asked for.</param>
public sealed record HistoryFrame(FrameId Id, string Room, IReadOnlyList<ReadOnlyMemory<byte>> Messages, bool More) : ServerFrame;

/// <summary>The rooms that can be joined.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Rooms">The rooms.</param>
public sealed record RoomsFrame(FrameId Id, IReadOnlyList<RoomInfo> Rooms) : ServerFrame;

/// <summary>One room of a list.</summary>
/// <param name="Room">Its name.</param>
/// <param name="Topic">Its topic; may be empty.</param>
/// <param name="MemberCount">How many are in it.</param>
public sealed record RoomInfo(string Room, string Topic, int MemberCount);

/// <summary>The people of a room.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="Room">Which.</param>
/// <param name="Members">The first of them.</param>
/// <param name="MemberCount">All.</param>
public sealed record WhoFrame(FrameId Id, string Room, IReadOnlyList<Person> Members, int MemberCount) : ServerFrame;

/// <summary>What can be sent.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="About">What was asked about; null for everything.</param>
/// <param name="Commands">The commands.</param>
public sealed record HelpFrame(FrameId Id, string? About, IReadOnlyList<HelpEntry> Commands) : ServerFrame;

/// <summary>One command of <c>help</c>.</summary>
/// <param name="Command">The command's word: <c>join</c>.</param>
/// <param name="Usage">What a person types: <c>/join room</c>; what stands in brackets may be left out.</param>
/// <param name="Json">One frame that does it, and works as it stands.</param>
/// <param name="Text">What it does.</param>
public sealed record HelpEntry(string Command, string Usage, string Json, string Text);

/// <summary>The server is there.</summary>
/// <param name="Id">The answered request's id.</param>
/// <param name="At">The server's time.</param>
public sealed record PongFrame(FrameId Id, DateTimeOffset At) : ServerFrame;

/// <summary>When what came right before it was handed to the connection; for who asked for it with <c>wire=1</c>. No cursor counts it.</summary>
/// <param name="At">By the server's clock; on the wire <c>at</c> in milliseconds, and <c>us</c> for the microseconds beyond them.</param>
public sealed record WireFrame(DateTimeOffset At) : ServerFrame;

/// <summary>Events that can't be had; sent before those that can.</summary>
/// <param name="Room">Where.</param>
/// <param name="From">The first that is missing.</param>
/// <param name="To">The last that is missing.</param>
public sealed record GapFrame(string Room, long From, long To) : ServerFrame;

/// <summary>The client reads too slowly.</summary>
/// <param name="Queued">What waits for it, in the unit of <paramref name="Limit"/>.</param>
/// <param name="Limit">Where the server will close the connection.</param>
public sealed record LagFrame(long Queued, long Limit) : ServerFrame;

/// <summary>The last frame before the server closes.</summary>
/// <param name="Code">The close code.</param>
/// <param name="Text">Why, for a person.</param>
/// <param name="Reconnect">Whether coming back makes sense.</param>
/// <param name="AfterMs">How long to wait before coming back, in milliseconds.</param>
public sealed record ByeFrame(ushort Code, string Text, bool Reconnect, long? AfterMs = null) : ServerFrame;
