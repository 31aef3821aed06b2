using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Sessions;

/// <summary>Why a user cannot have a name.</summary>
/// <param name="Code">
/// <see cref="ErrorCode.NameTaken"/>, <see cref="ErrorCode.BadName"/>, or <see cref="ErrorCode.Unavailable"/> if the storage cannot be read.
/// </param>
/// <param name="Suggestion">
/// The name that the client should try next: another name, or the wanted name again if the storage cannot be read.
/// </param>
public sealed record NameRejection(string Code, string Wanted, string Reason, string Suggestion)
{
    public bool IsTaken => Code == ErrorCode.NameTaken;

    /// <summary>Milliseconds after which the client may try the wanted name again. Null if this time is not known.</summary>
    public int? RetryAfterMs => Code == ErrorCode.Unavailable ? 1000 : null;
}
