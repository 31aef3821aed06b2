using System.Collections.Frozen;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// Names that nobody may take or register. Other users could confuse the user of such a name with the server, its operator or an erased
/// user.
/// </summary>
internal static class ReservedNames
{
    private static readonly FrozenSet<string> Skeletons =
        ((string[])["server", "system", "operator", "admin", "RawSocketChat", ErasedUser.Name]).SelectMany(NameSkeleton.CreateAll).ToFrozenSet();

    /// <summary>Whether a name is a reserved name, or looks like a reserved name. <see cref="NameRule"/> must have accepted the name.</summary>
    public static bool Contains(string name) => NameSkeleton.CreateAll(name).Any(Skeletons.Contains);
}
