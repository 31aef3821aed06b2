namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>The search in a SQLite database, with its full-text index FTS5. Other engines have other indexes.</summary>
public sealed class SqliteMessageSearch(SqliteStorage storage) : IMessageSearch
{
    public async ValueTask<SearchPage> SearchAsync(MessageQuery query, CancellationToken cancellationToken)
    {
        var rooms = await GetIdsAsync(query.Scope.Rooms, onlyPrivate: query.Scope.WithPublicRooms, cancellationToken);
        if (rooms.Count == 0 && !query.Scope.WithPublicRooms)
            return SearchPage.Empty;
        await SearchIndexer.IndexBeforeSearchAsync(storage, cancellationToken);
        var expression = SearchIndex.CreateExpression(query, rooms, await GetIdsAsync(query.Scope.ExceptRooms ?? [], onlyPrivate: false, cancellationToken));
        return await storage.SearchAsync(expression, query.Before, query.Limit, cancellationToken);
    }

    private async ValueTask<IReadOnlyList<long>> GetIdsAsync(IReadOnlyList<string> names, bool onlyPrivate, CancellationToken cancellationToken)
    {
        var ids = new List<long>();
        foreach (var name in names)
        {
            if (await storage.Rooms.FindAsync(name, cancellationToken) is { } room && (room.IsPrivate || !onlyPrivate))
                ids.Add(room.Id);
        }

        return ids;
    }
}
