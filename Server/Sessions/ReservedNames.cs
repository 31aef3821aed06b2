using System.Collections.Frozen;

namespace RawSocketChat.Server.Sessions;

/// <summary>Names that nobody may take or register, because other users could confuse their owner with the server or its operator.</summary>
internal static class ReservedNames
{
    private static readonly FrozenSet<string> Skeletons =
        ((string[])["server", "system", "operator", "admin", "RawSocketChat"]).SelectMany(NameSkeleton.CreateAll).ToFrozenSet();

    /// <summary>Whether a name that <see cref="NameRule"/> accepts is one of the reserved names, or looks like one.</summary>
    public static bool Contains(string name) => NameSkeleton.CreateAll(name).Any(Skeletons.Contains);
}
