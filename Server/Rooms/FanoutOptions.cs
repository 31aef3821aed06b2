using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Rooms;

/// <summary>How events reach the members of a room. Section <c>Fanout</c>.</summary>
public sealed class FanoutOptions
{
    public const string Section = "Fanout";

    /// <summary>
    /// The gathering window in milliseconds: the maximum time for which a busy room gathers messages before it sends them together. With 0, the room
    /// sends each message immediately. A room that has sent nothing for this time also sends the next message immediately. Default 25.
    /// </summary>
    [Range(0, 1000)]
    public int GatherMilliseconds { get; set; } = 25;
}
