using Npgsql;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>Translates errors of PostgreSQL into texts that name the database and tell an operator what to do.</summary>
internal static class PostgresError
{
    /// <param name="location">The database, as in <see cref="PostgresSettings.Describe"/>.</param>
    public static StorageException Translate(Exception fault, string location) => fault switch
    {
        StorageException known => known,
        PostgresException known => new StorageException($"{location}: {Describe(known)}") { Setting = nameof(DataOptions.Postgres), IsDamage = known.SqlState is PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted },
        NpgsqlException or TimeoutException => new StorageException($"{location} cannot be reached: {GetReason(fault)}") { Setting = nameof(DataOptions.Postgres) },
        ArgumentOutOfRangeException => new StorageException($"{location} has a value that no server writes ({fault.Message.ReplaceLineEndings(" ")}); restore a backup", fault) { Setting = nameof(DataOptions.Postgres), IsDamage = true },
        _ => new StorageException("the storage failed", fault) { Setting = nameof(DataOptions.Postgres) },
    };

    /// <summary>Runs statements of an operator's command, and translates the errors of the driver.</summary>
    /// <param name="location">The database, as in <see cref="PostgresSettings.Describe"/>.</param>
    /// <param name="cancel">If this token is cancelled, the method throws <see cref="OperationCanceledException"/> instead of the error.</param>
    /// <exception cref="StorageException">The database cannot be reached, or rejects a statement.</exception>
    public static T Run<T>(string location, Func<T> work, CancellationToken cancel)
    {
        try
        {
            return work();
        }
        catch (Exception fault) when (fault is NpgsqlException or TimeoutException or IOException)
        {
            cancel.ThrowIfCancellationRequested();
            throw Translate(fault, location);
        }
    }

    private static string Describe(PostgresException fault) => fault.SqlState switch
    {
        PostgresErrorCodes.InvalidCatalogName => "there is no such database; create it with: createdb",
        PostgresErrorCodes.InsufficientPrivilege => $"{fault.MessageText}; the user must own the database, or have the right to create tables in it",
        PostgresErrorCodes.DiskFull => "the disk of the database is full; free some space",
        PostgresErrorCodes.ReadOnlySqlTransaction => "the database is a standby or read-only; name the primary, or all hosts with Target Session Attributes=primary",
        _ => $"{fault.MessageText} ({fault.SqlState})",
    };

    // The message of the outer exception is often only "Exception while connecting".
    private static string GetReason(Exception fault)
    {
        if (fault is AggregateException { InnerExceptions.Count: > 1 } many)
            return string.Join("; ", many.InnerExceptions.Select(GetReason).Distinct());
        return (fault.InnerException is null or System.Net.Sockets.SocketException or IOException ? $"{fault.Message}{(fault.InnerException is { } inner ? $" ({inner.Message})" : "")}" : GetReason(fault.InnerException))
            .ReplaceLineEndings(" ");
    }
}
