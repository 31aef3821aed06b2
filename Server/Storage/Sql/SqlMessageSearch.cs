namespace RawSocketChat.Server.Storage.Sql;

/// <summary>The search in a SQL database. Each engine has its own index.</summary>
public sealed class SqlMessageSearch(SqlStorage storage) : IMessageSearch
{
    public async ValueTask<SearchPage> SearchAsync(MessageQuery query, CancellationToken cancellationToken)
    {
        var rooms = await GetIdsAsync(query.Scope.Rooms, onlyPrivate: query.Scope.WithPublicRooms, cancellationToken);
        if (rooms.Count == 0 && !query.Scope.WithPublicRooms)
            return SearchPage.Empty;
        var except = await GetIdsAsync(query.Scope.ExceptRooms ?? [], onlyPrivate: false, cancellationToken);
        return await storage.SearchAsync(query, rooms, except, cancellationToken);
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
