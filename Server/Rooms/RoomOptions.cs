using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Rooms;

/// <summary>How rooms behave. Section <c>Rooms</c>.</summary>
public sealed class RoomOptions
{
    public const string Section = "Rooms";

    /// <summary>Bytes of each room's newest events that stay in memory as encoded frames. Default 512 KiB.</summary>
    [Range(0, 1024 * 1024 * 1024)]
    public int TailBytes { get; set; } = 512 * 1024;

    /// <summary>Bytes of older events of all rooms together that stay in memory as encoded frames, while they are asked for. Default 32 MiB.</summary>
    [Range(0, int.MaxValue)]
    public int HistoryBytes { get; set; } = 32 * 1024 * 1024;

    /// <summary>Up to so many members a room tells of each who comes and goes; beyond, it tells their number, at most once a second. Default 100.</summary>
    [Range(0, 10_000)]
    public int NamedMembers { get; set; } = 100;

    /// <summary>Commands that may wait in one room before senders have to. Default 4,096.</summary>
    [Range(1, 1_000_000)]
    public int QueuedCommands { get; set; } = 4_096;
}
