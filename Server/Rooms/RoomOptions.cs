using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Rooms;

/// <summary>How rooms behave. Section <c>Rooms</c>.</summary>
public sealed class RoomOptions
{
    public const string Section = "Rooms";

    /// <summary>Bytes of memory for the newest events of each room, as JSON. Default 512 KiB.</summary>
    [Range(0, 1024 * 1024 * 1024)]
    public int TailBytes { get; set; } = 512 * 1024;

    /// <summary>
    /// Bytes of memory for the newest events of all rooms together. Above this number, the server removes the newest events of the least
    /// recently used rooms from memory, and reads them from the log when a client needs them. Default 64 MiB.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int AllTailsBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// Bytes of memory for older events of all rooms together, as JSON. The server caches them when it reads them. Default 32 MiB.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int HistoryBytes { get; set; } = 32 * 1024 * 1024;

    /// <summary>
    /// The server unloads a room that has no connections and that nobody has used for this many minutes. An unloaded room takes a few hundred bytes;
    /// the server opens it again when somebody uses it. Default 10.
    /// </summary>
    [Range(1, 10_080)]
    public int IdleMinutes { get; set; } = 10;

    /// <summary>
    /// The server removes a room this many minutes after its creation if the room never had an event, has no token and no webhook, and is not open. 0
    /// turns this off. The default room is never removed. Default 60.
    /// </summary>
    [Range(0, 525_600)]
    public int EmptyMinutes { get; set; } = 60;

    /// <summary>
    /// The server removes a room, and its log, if the room has had no event for this many days, has no owner, and has nobody in it. 0 turns this off.
    /// The default room and direct rooms are never removed. Default 30.
    /// </summary>
    [Range(0, 36_500)]
    public int AbandonedDays { get; set; } = 30;

    /// <summary>
    /// The names that only the operator may give to a new room. A name that looks the same is reserved too. Default: none.
    /// </summary>
    [RegularExpression(@"[\p{L}\p{M}\p{N}._-]+", ErrorMessage = "is not the name of a room; try: staff")]
    public IList<string> ReservedNames { get; } = [];

    /// <summary>
    /// The maximum number of members that <c>joined</c> lists. A room with at most this many members announces by name who joins
    /// and leaves. A larger room announces only the number of its members, at most once a second. Default 100.
    /// </summary>
    [Range(0, 10_000)]
    public int NamedMembers { get; set; } = 100;

    /// <summary>
    /// The joins and leaves per second that a room of at most <see cref="NamedMembers"/> members announces by name. In one burst, the room announces
    /// up to <see cref="NamedMembers"/> joins and leaves by name. If users join and leave more often, the room announces only the number
    /// of its members, at most once a second. Default 5.
    /// </summary>
    [Range(1, 1_000_000)]
    public int NamedPresencePerSecond { get; set; } = 5;

    /// <summary>
    /// The maximum number of commands in the queue of one room. While the queue is full, further senders wait. Default 4,096.
    /// </summary>
    [Range(1, 1_000_000)]
    public int QueuedCommands { get; set; } = 4_096;
}
