using System.Collections.Immutable;

namespace RawSocketChat.Server.Storage;

/// <summary>The names of the kinds of events, as the database, the exports and the protocol write them.</summary>
internal static class RoomEventKindName
{
    /// <summary>All names. The index of a name is the value of its kind.</summary>
    public static readonly ImmutableArray<string> All = [.. Enum.GetNames<RoomEventKind>().Select(name => name.ToLowerInvariant())];

    public static string Format(RoomEventKind kind) => All[(int)kind];

    /// <summary>Returns null if no kind has the name.</summary>
    public static RoomEventKind? Parse(string name) => All.IndexOf(name) is >= 0 and var index ? (RoomEventKind)index : null;
}
