using System.Data.Common;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>The tokens of rooms in a SQL database.</summary>
public sealed class SqlTokenStore(SqlStorage storage) : ITokenStore
{
    // The removal of a room also deletes its tokens, so the statements need no condition for removed rooms.
    private const string Select = "SELECT t.token_hash AS tokenHash, r.name AS room, t.bot, t.name, t.creator, t.created_at AS createdAt FROM tokens t JOIN rooms r ON r.id = t.room";

    public ValueTask<TokenCreation> AddAsync(StoredToken token, int max, CancellationToken cancellationToken)
    {
        var key = new { Room = RoomCache.GetKey(token.Room), Name = RoomCache.GetKey(token.Name) };
        return storage.WriteAsync(
            writer =>
            {
                if (writer.Connection.QueryFirstOrDefault<long?>("SELECT id FROM rooms WHERE name_key = @Room", key) is not { } room)
                    return TokenCreation.NoRoom;
                if (writer.Connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM tokens WHERE room = @room AND name_key = @Name)", new { room, key.Name }))
                    return TokenCreation.NameTaken;
                if (writer.Connection.ExecuteScalar<long>("SELECT COUNT(*) FROM tokens WHERE room = @room", new { room }) >= max)
                    return TokenCreation.TooMany;
                writer.Connection.Execute(
                    """
                    INSERT INTO tokens (token_hash, room, bot, name, name_key, creator, created_at)
                    VALUES (@TokenHash, @room, @Bot, @Name, @Key, @Creator, @At)
                    """,
                    new { token.TokenHash, room, token.Bot, token.Name, Key = key.Name, token.Creator, At = token.CreatedAt.ToUnixTimeMilliseconds() });
                return TokenCreation.Created;
            },
            cancellationToken);
    }

    public ValueTask<StoredToken?> FindAsync(string tokenHash, CancellationToken cancellationToken) => storage.ReadAsync(
        "the tokens", reader => Query(reader.Connection, $"{Select} WHERE t.token_hash = @tokenHash", new { tokenHash }).FirstOrDefault(), cancellationToken);

    public ValueTask<IReadOnlyList<StoredToken>> ListAsync(string room, CancellationToken cancellationToken) => storage.ReadAsync<IReadOnlyList<StoredToken>>(
        "the tokens", reader => [.. Query(reader.Connection, $"{Select} WHERE r.name_key = @Key ORDER BY t.name_key", new { Key = RoomCache.GetKey(room) })], cancellationToken);

    public ValueTask<StoredToken?> RevokeAsync(string room, string name, CancellationToken cancellationToken)
    {
        var key = new { Room = RoomCache.GetKey(room), Name = RoomCache.GetKey(name) };
        return storage.WriteAsync(
            writer =>
            {
                if (Query(writer.Connection, $"{Select} WHERE r.name_key = @Room AND t.name_key = @Name", key).FirstOrDefault() is not { } token)
                    return null;
                writer.Connection.Execute("DELETE FROM tokens WHERE token_hash = @TokenHash", token);
                return token;
            },
            cancellationToken);
    }

    private static IEnumerable<StoredToken> Query(DbConnection connection, string sql, object values) => connection.Query<TokenRow>(sql, values).Select(row => row.ToToken());

    private sealed record TokenRow(string TokenHash, string Room, string Bot, string Name, string Creator, long CreatedAt)
    {
        public StoredToken ToToken() => new(TokenHash, Room, Bot, Name, Creator, DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt));
    }
}
