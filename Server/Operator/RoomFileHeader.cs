using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Operator;

/// <summary>The first line of an exported room.</summary>
/// <param name="At">When it was exported.</param>
internal sealed record RoomFileHeader(StoredRoom Room, RoomLogState State, DateTimeOffset At)
{
    /// <summary>The first line's <c>type</c>.</summary>
    public const string Type = "export";

    /// <summary>What this program writes, and the one version that it reads.</summary>
    public const int Version = 1;

    /// <summary>Times as on the wire.</summary>
    public const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
}
