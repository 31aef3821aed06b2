using System.Collections.Frozen;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

/// <summary>Names that nobody may take or register, because other users could confuse their owner with the server, its operator or an erased user.</summary>
internal static class ReservedNames
{
    private static readonly FrozenSet<string> Skeletons =
        ((string[])["server", "system", "operator", "admin", "RawSocketChat", ErasedUser.Name]).SelectMany(NameSkeleton.CreateAll).ToFrozenSet();

    /// <summary>Whether a name that <see cref="NameRule"/> accepts is one of the reserved names, or looks like one.</summary>
    public static bool Contains(string name) => NameSkeleton.CreateAll(name).Any(Skeletons.Contains);
}
