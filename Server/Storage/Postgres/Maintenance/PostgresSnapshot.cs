using System.Data.Common;
using Npgsql;
using RawSocketChat.Server.Storage.Sql.Maintenance;

namespace RawSocketChat.Server.Storage.Postgres.Maintenance;

/// <summary>A PostgreSQL database as it was at one moment.</summary>
/// <param name="connection">The connection, on which a transaction has begun. The snapshot disposes of it.</param>
/// <param name="location">The database, for error texts.</param>
/// <param name="interrupt">Cancels the statements. The snapshot disposes of it.</param>
/// <param name="cancel">Interrupts reads of the snapshot.</param>
internal sealed class PostgresSnapshot(NpgsqlConnection connection, string location, CancellationTokenRegistration interrupt, CancellationToken cancel) : DatabaseSnapshot
{
    public override NpgsqlConnection Connection => connection;

    public override T Read<T>(Func<DbConnection, T> read)
    {
        try
        {
            return PostgresError.Run(location, () => read(connection), cancel);
        }
        catch (ArgumentOutOfRangeException fault)
        {
            throw PostgresError.Translate(fault, location);
        }
    }

    // There is nothing to check here: PostgreSQL rejects each row whose reference is wrong, and its tool pg_amcheck checks the pages.
    public override void Check(CheckResult result, IProgress<WorkProgress> progress)
    {
    }

    public override void Dispose()
    {
        interrupt.Dispose();
        connection.Dispose();
    }
}
