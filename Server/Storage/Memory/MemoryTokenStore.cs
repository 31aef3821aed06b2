namespace RawSocketChat.Server.Storage.Memory;

/// <summary>Keeps the tokens of rooms in memory, until the process ends. All tasks complete synchronously.</summary>
public sealed class MemoryTokenStore : ITokenStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SortedDictionary<string, StoredToken>> _byRoom = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, StoredToken> _byHash = [];

    public ValueTask<TokenCreation> AddAsync(StoredToken token, int max, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_byRoom.TryGetValue(token.Room, out var tokens))
                return new(TokenCreation.NoRoom);
            if (tokens.ContainsKey(token.Name))
                return new(TokenCreation.NameTaken);
            if (tokens.Count >= max)
                return new(TokenCreation.TooMany);
            tokens.Add(token.Name, token);
            _byHash.Add(token.TokenHash, token);
            return new(TokenCreation.Created);
        }
    }

    public ValueTask<StoredToken?> FindAsync(string tokenHash, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_byHash.GetValueOrDefault(tokenHash));
    }

    public ValueTask<IReadOnlyList<StoredToken>> ListAsync(string room, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_byRoom.TryGetValue(room, out var tokens) ? [.. tokens.Values] : []);
    }

    public ValueTask<StoredToken?> RevokeAsync(string room, string name, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_byRoom.TryGetValue(room, out var tokens) || !tokens.Remove(name, out var token))
                return new((StoredToken?)null);
            _byHash.Remove(token.TokenHash);
            return new(token);
        }
    }

    /// <summary>Adds a room that the catalog has created. Only such a room can have tokens.</summary>
    internal void AddRoom(string room)
    {
        lock (_gate)
            _byRoom.TryAdd(room, new(StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Removes a room that the catalog has removed, and its tokens.</summary>
    internal void RemoveRoom(string room)
    {
        lock (_gate)
        {
            if (!_byRoom.Remove(room, out var tokens))
                return;
            foreach (var token in tokens.Values)
                _byHash.Remove(token.TokenHash);
        }
    }

    internal bool HasTokens(string room)
    {
        lock (_gate)
            return _byRoom.TryGetValue(room, out var tokens) && tokens.Count > 0;
    }
}
