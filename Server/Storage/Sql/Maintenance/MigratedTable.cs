namespace RawSocketChat.Server.Storage.Sql.Maintenance;

/// <summary>A table that a migration copies.</summary>
/// <param name="Name">The name of the table.</param>
/// <param name="Columns">The columns. The first ones are the primary key.</param>
/// <param name="KeyLength">The number of columns of the primary key.</param>
internal sealed record MigratedTable(string Name, IReadOnlyList<MigratedColumn> Columns, int KeyLength)
{
    /// <summary>
    /// All tables that both engines have, in an order in which no row refers to a later table. The other tables belong to one engine: SQLite's search
    /// index, and PostgreSQL's own tables (<c>schema_version</c>, <c>writer</c>, <c>presence</c> and <c>used_names</c>).
    /// </summary>
    public static readonly IReadOnlyList<MigratedTable> All =
    [
        Create("users", 1, "id text", "name text", "password_hash text", "created_at"),
        Create("names", 1, "skeleton text", "user text"),
        Create("external_accounts", 2, "issuer text", "subject text", "user text", "claimed_name text"),
        Create("sessions", 1, "token_hash text", "user text", "name text", "is_guest", "away_since"),
        Create("rooms", 1, "id", "name text", "name_key text", "topic text", "owner text", "is_private", "epoch text", "first_seq", "created_at", "slow_seconds", "direct_users text"),
        Create("room_names", 1, "skeleton text", "room"),
        Create("tokens", 1, "token_hash text", "room", "bot text", "name text", "name_key text", "creator text", "created_at"),
        Create("webhooks", 1, "room", "id text", "url text", "secret text", "delivered_seq", "failures", "attempts", "failing_since", "next_attempt_at", "error text", "is_off"),
        Create("webhook_failures", 2, "room", "seq", "at", "attempts", "error text", "is_retried"),
        Create("members", 2, "room", "user text", "joined_at", "role text", "read_seq", "notify text", "muted_until"),
        Create("bans", 3, "room", "user text", "address text", "name text", "until"),
        Create("files", 1, "id text", "hash text", "name text", "type text", "bytes", "width", "height", "uploader text", "created_at", "is_posted"),
        Create("unused_contents", 1, "hash text"),
        Create("push_subscriptions", 1, "endpoint text", "session text", "p256dh text", "auth text", "only_mentions", "quiet_until", "created_at"),
        Create(Events, 2, "room", "seq", "kind text", "author text", "name text", "at", "text text", "body text", "target", "edited_at", "is_deleted", "search_id"),
        Create("reactions", 4, "room", "seq", "emoji text", "user text", "name text", "event"),
        Create("mentions", 3, "user text", "room", "seq"),
        Create("message_files", 3, "room", "seq", "position", "file text"),
        Create("client_ids", 2, "author text", "client_id text", "room", "seq", "at"),
    ];

    /// <summary>The name of the table of events.</summary>
    public const string Events = "events";

    /// <summary>
    /// Whether the rows of the table belong to the logs of the rooms. Such tables are large, so a migration compares only the newest seq and the number of
    /// events of each room, and not all rows.
    /// </summary>
    public bool FollowsLog => Name is Events or "reactions" or "mentions" or "message_files" or "client_ids";

    /// <summary>The quoted names of the columns, with commas.</summary>
    public string ColumnList => Join(Columns);

    /// <summary>The quoted names of the columns of the primary key, with commas.</summary>
    public string KeyList => Join(Columns.Take(KeyLength));

    /// <summary>The index of a column.</summary>
    public int IndexOf(string column) => Columns.Select(known => known.Name).ToList().IndexOf(column);

    private static string Join(IEnumerable<MigratedColumn> columns) => string.Join(", ", columns.Select(column => $"\"{column.Name}\""));

    // A column without a type is an integer.
    private static MigratedTable Create(string name, int keyLength, params string[] columns) =>
        new(name, [.. columns.Select(column => new MigratedColumn(column.Split(' ')[0], column.Contains(' ', StringComparison.Ordinal)))], keyLength);
}

/// <summary>A column that a migration copies.</summary>
/// <param name="IsText">Whether the column has texts. Otherwise it has integers.</param>
internal sealed record MigratedColumn(string Name, bool IsText);
