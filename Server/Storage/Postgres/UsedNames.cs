using Dapper;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>The names of users who have a connection at any server. A name belongs to one user, because its skeletons are unique keys.</summary>
internal sealed class UsedNames(SqlStorage storage, int node, Func<IReadOnlySet<long>> live)
{
    /// <summary>Claims a name for a user. Returns false if a user of another server has the name.</summary>
    public ValueTask<bool> TryClaimAsync(UsedName name, CancellationToken cancellationToken)
    {
        var values = CreateValues(name.Skeletons.Order(StringComparer.Ordinal).Select(skeleton => (Skeleton: skeleton, name.User, name.Name)));
        return storage.WriteAsync(
            writer =>
            {
                // If two servers claim the same skeleton at the same time, the second statement waits until the first transaction has ended. Then it
                // finds the row of the first server, and does not return this skeleton.
                var claimed = writer.Connection.Query<string>(Claim, values).AsList();
                if (claimed.Count == name.Skeletons.Count)
                    return true;
                writer.Connection.Execute("DELETE FROM used_names WHERE skeleton = ANY(@claimed) AND name = @Name AND \"user\" = @User", new { claimed, name.Name, name.User });
                return false;
            },
            cancellationToken);
    }

    /// <summary>Removes the claims of this server for a user, except the claim to the current name.</summary>
    public async ValueTask ReleaseAsync(string user, string? current) => await storage.WriteAsync(
        writer => writer.Connection.Execute(
            "DELETE FROM used_names WHERE \"user\" = @user AND node = @node AND name IS DISTINCT FROM @current", new { user, current, node = (long)node }),
        CancellationToken.None);

    public ValueTask<UsedName?> FindAsync(string skeleton, CancellationToken cancellationToken) => storage.ReadAsync(
        "the names",
        reader => reader.Connection.QueryFirstOrDefault<(string? User, string Name)>(
            "SELECT u.user, u.name FROM used_names u WHERE u.skeleton = @skeleton AND u.node = ANY(@nodes)", new { skeleton, nodes = GetNodes() }) is { User: { } user } row
            ? new UsedName(user, row.Name, [])
            : null,
        cancellationToken);

    /// <summary>Returns which of these users have a connection to another server.</summary>
    public ValueTask<IReadOnlySet<string>> FindConnectedAsync(IReadOnlyList<string> users, CancellationToken cancellationToken) => storage.ReadAsync<IReadOnlySet<string>>(
        "the names",
        reader => reader.Connection.Query<string>(
            "SELECT DISTINCT u.user FROM used_names u WHERE u.user = ANY(@users) AND u.node = ANY(@others)", new { users = users.ToArray(), others = live().ToArray() }).ToHashSet(),
        cancellationToken);

    /// <summary>
    /// Claims these names for the users of this server, except names that a user of another server has. Removes all other claims of this server.
    /// </summary>
    public async ValueTask RenewAsync(IReadOnlyList<UsedName> names, CancellationToken cancellationToken)
    {
        var rows = names.SelectMany(name => name.Skeletons.Select(skeleton => (Skeleton: skeleton, name.User, name.Name))).DistinctBy(row => row.Skeleton).OrderBy(row => row.Skeleton, StringComparer.Ordinal).ToList();
        var stored = await storage.ReadAsync(
            "the names",
            reader => reader.Connection.Query<(string Skeleton, string User, string Name)>("SELECT u.skeleton, u.user, u.name FROM used_names u WHERE u.node = @node", new { node = (long)node }).ToHashSet(),
            cancellationToken);
        foreach (var missing in rows.Where(row => !stored.Contains(row)).Chunk(WriteSteps.MaxRows))
            await storage.WriteAsync(writer => writer.Connection.Query<string>(Claim, CreateValues(missing)).AsList(), cancellationToken);
        var surplus = stored.Except(rows).Select(row => row.Skeleton).ToArray();
        if (surplus.Length > 0)
            await storage.WriteAsync(writer => writer.Connection.Execute("DELETE FROM used_names WHERE node = @node AND skeleton = ANY(@surplus)", new { node = (long)node, surplus }), cancellationToken);
    }

    private const string Claim = """
        INSERT INTO used_names (skeleton, "user", name, node) SELECT skeleton, author, name, @node FROM unnest(@skeletons, @users, @names) n (skeleton, author, name)
        ON CONFLICT (skeleton) DO UPDATE SET "user" = excluded.user, name = excluded.name, node = excluded.node
            WHERE used_names.user = excluded.user OR used_names.node = @node OR used_names.node <> ALL(@live)
        RETURNING skeleton
        """;

    // A row of this server does not prevent a claim, because this server knows which of its users has the name.
    private object CreateValues(IEnumerable<(string Skeleton, string User, string Name)> rows)
    {
        var all = rows.ToList();
        return new
        {
            node = (long)node,
            skeletons = all.Select(row => row.Skeleton).ToArray(),
            users = all.Select(row => row.User).ToArray(),
            names = all.Select(row => row.Name).ToArray(),
            live = GetNodes(),
        };
    }

    private long[] GetNodes() => [.. live(), node];
}
