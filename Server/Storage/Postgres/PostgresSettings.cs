using Npgsql;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>Reads <c>Data:Postgres</c>, and adds the values that this server needs if the operator has not set them.</summary>
internal static class PostgresSettings
{
    // If a host does not answer in this time, the server tries the next host.
    private const int ConnectSeconds = 5;

    // The timeout of a statement. Usual statements take much less time. A commit can reach the timeout if it waits for a standby that
    // does not answer.
    private const int CommandSeconds = 15;

    // How long the driver remembers whether a host is a standby. With the default of ten seconds, the driver would find the new primary too
    // late after a failover.
    private const int RecheckSeconds = 1;

    /// <summary>Finds errors in the settings of PostgreSQL. The texts contain no value of a connection string, which may be a password.</summary>
    public static IEnumerable<string> FindErrors(DataOptions options, FilesOptions files)
    {
        if (options is { Nodes: true, Postgres: null })
            yield return $"--{DataOptions.Section}:{nameof(DataOptions.Nodes)}: several servers can serve one chat only with PostgreSQL; add: --{DataOptions.Section}:{nameof(DataOptions.Postgres)} \"Host=localhost;Database=chat;Username=chat\"";
        if (options.Nodes && files.Enabled)
            yield return $"--{DataOptions.Section}:{nameof(DataOptions.Nodes)}: each server has the contents of files in its own folder, so the other servers could not show them; add: --{FilesOptions.Section}:{nameof(FilesOptions.Enabled)} false";
        const string Name = $"--{DataOptions.Section}:{nameof(DataOptions.Postgres)}";
        if (options.Postgres is not { } text)
            yield break;
        if (TryParse(text) is not { } parsed)
            yield return $"{Name}: this is not a connection string; try: {Name} \"Host=localhost;Database=chat;Username=chat\"";
        else if (string.IsNullOrEmpty(parsed.Host) || string.IsNullOrEmpty(parsed.Database))
            yield return $"{Name}: the host or the database is missing; try: {Name} \"Host=localhost;Database=chat;Username=chat\"";
        if (options.Durability == Durability.None)
            yield return $"{Name}: --{DataOptions.Section}:{nameof(DataOptions.Durability)} none can't be combined with it, because none keeps messages only in memory; remove one of the two";
        if (options.MaxBytes != 0)
            yield return $"--{DataOptions.Section}:{nameof(DataOptions.MaxBytes)}: limits a SQLite database only; with PostgreSQL, use --{DataOptions.Section}:{nameof(DataOptions.KeepDays)} or --{DataOptions.Section}:{nameof(DataOptions.KeepEvents)}";
        if (options.MaxWalMegabytes != new DataOptions().MaxWalMegabytes)
            yield return $"--{DataOptions.Section}:{nameof(DataOptions.MaxWalMegabytes)}: limits the log of a SQLite database only; with PostgreSQL, use its settings, such as max_wal_size";
    }

    /// <exception cref="StorageException">This is not a connection string.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        var parsed = TryParse(text) ?? throw new StorageException("this is not a connection string") { Setting = nameof(DataOptions.Postgres) };
        SetDefault("Timeout", () => parsed.Timeout = ConnectSeconds);
        SetDefault("Command Timeout", () => parsed.CommandTimeout = CommandSeconds);
        SetDefault("Host Recheck Seconds", () => parsed.HostRecheckSeconds = RecheckSeconds);
        SetDefault("Application Name", () => parsed.ApplicationName = "RawSocketChat");
        SetDefault("Max Auto Prepare", () => parsed.MaxAutoPrepare = 100);
        SetDefault("Auto Prepare Min Usages", () => parsed.AutoPrepareMinUsages = 2);
        if (parsed.Host!.Contains(',', StringComparison.Ordinal))
            SetDefault("Target Session Attributes", () => parsed.TargetSessionAttributes = "primary");
        // The server keeps its connections open until it stops, so it needs no pool. After a timeout, the driver closes the connection
        // and does not wait for an answer: PostgreSQL reports a cancelled COMMIT as a success even if a synchronous standby does not have the data.
        parsed.Pooling = false;
        parsed.CancellationTimeout = -1;
        parsed.IncludeErrorDetail = false;
        return parsed;

        void SetDefault(string key, Action set)
        {
            if (!parsed.ShouldSerialize(key))
                set();
        }
    }

    /// <summary>The database, its hosts and its ports, for the operator.</summary>
    public static string Describe(NpgsqlConnectionStringBuilder settings) => $"the PostgreSQL database \"{settings.Database}\" on {settings.Host}" +
        (settings.Host!.Contains(':', StringComparison.Ordinal) || settings.Host.Contains(',', StringComparison.Ordinal) ? "" : $":{settings.Port}");

    private static NpgsqlConnectionStringBuilder? TryParse(string text)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or OverflowException or KeyNotFoundException or InvalidCastException)
        {
            return null;
        }
    }
}
