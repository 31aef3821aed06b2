using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Operator;

/// <summary>The first line of an export file.</summary>
/// <param name="At">The time of the export.</param>
internal sealed record RoomFileHeader(StoredRoom Room, RoomLogState State, DateTimeOffset At)
{
    /// <summary>The <c>type</c> of the first line.</summary>
    public const string Type = "export";

    /// <summary>The version of the format. This program writes and reads only this version.</summary>
    public const int Version = 1;

    /// <summary>The format of times, the same as in the protocol.</summary>
    public const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
}
