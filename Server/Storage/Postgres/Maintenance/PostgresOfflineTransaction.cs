using System.Data.Common;
using Dapper;
using Npgsql;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Server.Storage.Sql.Maintenance;

namespace RawSocketChat.Server.Storage.Postgres.Maintenance;

/// <summary>A transaction on a PostgreSQL database. The connection has locked the database, so no server can use it.</summary>
/// <param name="connection">The connection, on which the transaction has begun. The transaction disposes of it.</param>
/// <param name="location">The database, for error texts.</param>
/// <param name="interrupt">Cancels the statements. The transaction disposes of it.</param>
/// <param name="cancel">Interrupts the change.</param>
internal sealed class PostgresOfflineTransaction(NpgsqlConnection connection, string location, CancellationTokenRegistration interrupt, CancellationToken cancel) : OfflineTransaction
{
    public override NpgsqlConnection Connection => connection;

    public override T Execute<T>(Func<DbConnection, T> work) => PostgresError.Run(location, () => work(connection), cancel);

    public override void Commit() => Execute(database => database.Execute("COMMIT TRANSACTION"));

    public override EventInserts CreateInserts() => new(connection, isIndexed: true, new PostgresEventColumns());

    public override void RemoveSearchWords(string author) => connection.Execute("UPDATE events SET words = NULL WHERE author = @author AND words IS NOT NULL", new { author });

    public override void Dispose()
    {
        interrupt.Dispose();
        connection.Dispose();
    }
}
