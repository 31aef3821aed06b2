using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Rooms;

/// <summary>How what is said reaches a room's members. Section <c>Fanout</c>.</summary>
public sealed class FanoutOptions
{
    public const string Section = "Fanout";

    /// <summary>
    /// Milliseconds for which, at the most, a busy room lets messages gather before it sends them to all; 0 sends each at once.
    /// What is said after a pause of that length is never held. Default 25.
    /// </summary>
    [Range(0, 1000)]
    public int GatherMilliseconds { get; set; } = 25;
}
