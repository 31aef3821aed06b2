namespace RawSocketChat.Server.Storage;

/// <summary>
/// Stores the tokens with which programs post to rooms. When a task completes, the change is stored. If the change cannot be stored, the task
/// throws <see cref="StorageException"/>. A room's tokens are removed together with the room (<see cref="IRoomCatalog"/>). Thread-safe.
/// </summary>
public interface ITokenStore
{
    /// <summary>Adds a token to a room. The checks and the addition are atomic.</summary>
    /// <param name="max">The maximum number of tokens of the room.</param>
    ValueTask<TokenCreation> AddAsync(StoredToken token, int max, CancellationToken cancellationToken);

    /// <summary>Finds a token by its hash. Returns null if there is no such token, or if it was revoked.</summary>
    ValueTask<StoredToken?> FindAsync(string tokenHash, CancellationToken cancellationToken);

    /// <summary>Lists the tokens of a room in the alphabetical order of their names.</summary>
    /// <param name="room">The room's name, in any letter case.</param>
    ValueTask<IReadOnlyList<StoredToken>> ListAsync(string room, CancellationToken cancellationToken);

    /// <summary>Revokes a token. After that, no method finds the token, and a new token may have its name.</summary>
    /// <param name="room">The room's name, in any letter case.</param>
    /// <param name="name">The token's name, in any letter case.</param>
    /// <returns>The token; null if there is no such token.</returns>
    ValueTask<StoredToken?> RevokeAsync(string room, string name, CancellationToken cancellationToken);
}

/// <summary>A token of a room. The token itself is not stored.</summary>
/// <param name="TokenHash">SHA-256 of the token, in hex.</param>
/// <param name="Room">The name of the room.</param>
/// <param name="Bot">The id of the bot: the author of the messages that are posted with the token.</param>
/// <param name="Name">The name of the token and of its bot. In one room, no two tokens have the same name.</param>
/// <param name="Creator">The stable id of the user who created the token.</param>
public sealed record StoredToken(string TokenHash, string Room, string Bot, string Name, string Creator, DateTimeOffset CreatedAt);

/// <summary>The result of adding a token.</summary>
public enum TokenCreation
{
    Created,

    /// <summary>The room does not exist, or was removed.</summary>
    NoRoom,

    /// <summary>The room has a token of that name, in any letter case.</summary>
    NameTaken,

    /// <summary>The room has its maximum number of tokens.</summary>
    TooMany,
}
