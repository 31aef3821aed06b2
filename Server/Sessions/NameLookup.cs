namespace RawSocketChat.Server.Sessions;

/// <summary>
/// The data from the storage for a decision about a name. <see cref="NameRegistry.LookUpAsync"/> creates this object before the caller
/// takes the lock.
/// </summary>
/// <param name="Wanted">The wanted name as the client wrote it. Null if the server chooses the name.</param>
/// <param name="Name">The normalized wanted name. Null if the wanted name is invalid, or if no name is wanted.</param>
/// <param name="GuestName">A new guest name, for a guest who wants no name or cannot have the wanted name.</param>
/// <param name="Owners">
/// The registered skeletons of <paramref name="Name"/> and <paramref name="GuestName"/>, each with the user id of its owner. Null if the storage
/// could not be read.
/// </param>
/// <param name="IsUsedElsewhere">Whether a user of another server has the wanted name.</param>
/// <param name="RegistrationCount">
/// The number of registrations before the storage was read. If this number has changed, the lookup is outdated.
/// </param>
internal sealed record NameLookup(
    string? Wanted, string? Name, string GuestName, IReadOnlyDictionary<string, string>? Owners, bool IsUsedElsewhere, long RegistrationCount);

/// <summary>Whether a user may take a name.</summary>
internal enum NameStatus
{
    Available,

    /// <summary>The text is not a valid name.</summary>
    Invalid,

    /// <summary>Another user has registered the name.</summary>
    Registered,

    /// <summary>Another connected user has the name, or another user is registering the name.</summary>
    InUse,

    /// <summary>The storage cannot be read, so the owner of the name is not known.</summary>
    Unknown,
}
