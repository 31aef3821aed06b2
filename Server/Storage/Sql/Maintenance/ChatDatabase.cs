namespace RawSocketChat.Server.Storage.Sql.Maintenance;

/// <summary>The database of a chat, for a command of the operator. Each engine has a derived class.</summary>
public abstract class ChatDatabase
{
    /// <summary>Tells the operator where the database is. Contains no password.</summary>
    public abstract string Location { get; }

    /// <summary>The contents of the uploaded files.</summary>
    internal abstract ContentFolder Contents { get; }

    /// <summary>Reads the database as it is at one moment. A server may write to it at the same time.</summary>
    /// <param name="cancel">Interrupts reads of the snapshot.</param>
    /// <exception cref="StorageException">The database cannot be opened.</exception>
    internal abstract DatabaseSnapshot OpenSnapshot(CancellationToken cancel);

    /// <summary>
    /// Begins a transaction. No server can use the database until the transaction is disposed of. Creates the tables if they do not exist.
    /// </summary>
    /// <param name="cancel">Interrupts the transaction. After an interruption, nothing is changed.</param>
    /// <param name="isSynced">Whether the commit must wait until the disk has the data. A commit of PostgreSQL always waits.</param>
    /// <exception cref="StorageException">A server uses the database, or the database cannot be written.</exception>
    internal abstract OfflineTransaction Begin(CancellationToken cancel, bool isSynced = true);

    /// <summary>Opens the database as the target of a migration. Creates the tables if they do not exist.</summary>
    /// <exception cref="StorageException">A server uses the database, or the database already has a chat or cannot be written.</exception>
    internal abstract MigrationTarget OpenMigration(CancellationToken cancel);
}
