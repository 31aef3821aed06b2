using System.Collections.Frozen;
using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Rooms;

/// <summary>The names that only the operator may give to a new room (<see cref="RoomOptions.ReservedNames"/>).</summary>
public sealed class ReservedRoomNames(IOptions<RoomOptions> options)
{
    private readonly FrozenSet<string> _skeletons = options.Value.ReservedNames.SelectMany(RoomName.CreateSkeletons).ToFrozenSet();

    /// <summary>Whether a valid name is one of the reserved names, or looks like one.</summary>
    public bool Contains(string name) => RoomName.CreateSkeletons(name).Any(_skeletons.Contains);
}
