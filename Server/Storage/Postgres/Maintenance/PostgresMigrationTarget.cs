using System.Data.Common;
using Dapper;
using Npgsql;
using NpgsqlTypes;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Server.Storage.Sql.Maintenance;

namespace RawSocketChat.Server.Storage.Postgres.Maintenance;

/// <summary>A PostgreSQL database as the target of a migration. No server starts with it until the migration is complete.</summary>
/// <param name="connection">The connection, which has the lock of the database. The target disposes of it.</param>
/// <param name="database">The database.</param>
/// <param name="interrupt">Cancels the statements. The target disposes of it.</param>
/// <param name="cancel">Interrupts the migration.</param>
internal sealed class PostgresMigrationTarget(
    NpgsqlConnection connection, PostgresChatDatabase database, CancellationTokenRegistration interrupt, CancellationToken cancel) : MigrationTarget
{
    private static readonly MigratedTable Events = MigratedTable.All.Single(table => table.Name == MigratedTable.Events);
    private static readonly int Room = Events.IndexOf("room");
    private static readonly int Author = Events.IndexOf("author");
    private static readonly int Name = Events.IndexOf("name");
    private static readonly int Text = Events.IndexOf("text");
    private static readonly int Body = Events.IndexOf("body");
    private static readonly int IsDeleted = Events.IndexOf("is_deleted");
    private static readonly int SearchId = Events.IndexOf("search_id");

    public override ChatDatabase Database => database;

    private protected override DbConnection Connection => connection;

    /// <summary>Whether a database has an unfinished migration.</summary>
    public static bool IsUnfinished(NpgsqlConnection connection) => connection.ExecuteScalar<bool>($"SELECT to_regclass('{Marker}') IS NOT NULL");

    public override void Complete(IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        progress.Report(new WorkProgress("computing the statistics of PostgreSQL", 0, 0));
        Execute(() => connection.Execute($"ANALYZE; DROP TABLE {Marker}"));
    }

    public override void Dispose()
    {
        interrupt.Dispose();
        connection.Dispose();
    }

    private protected override T Execute<T>(Func<T> work) => PostgresError.Run(database.Location, work, cancel);

    // One statement for all rows: the parameters are arrays, one for each column.
    private protected override void InsertRows(MigratedTable table, IReadOnlyList<object?[]> rows)
    {
        using var command = connection.CreateCommand();
        for (var i = 0; i < table.Columns.Count; i++)
        {
            var column = i;
            if (table.Columns[column].IsText)
                AddTexts(command, rows.Select(row => (string?)row[column]));
            else
                command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint, Value = rows.Select(row => (long?)row[column]).ToArray() });
        }

        var (columns, values) = (table.ColumnList, table.ColumnList);
        if (table == Events)
        {
            AddTexts(command, rows.Select(CreateWords));
            (columns, values) = (columns + ", words", values + ", words::tsvector");
        }

        var parameters = string.Join(", ", Enumerable.Range(1, command.Parameters.Count).Select(number => $"${number}"));
        command.CommandText = $"INSERT INTO {table.Name} ({columns}) SELECT {values} FROM unnest({parameters}) n ({columns})";
        command.ExecuteNonQuery();
    }

    private static void AddTexts(NpgsqlCommand command, IEnumerable<string?> texts) =>
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text, Value = texts.Select(text => text is null ? null : PostgresText.Clean(text)).ToArray() });

    // Returns null for a row that no search may find.
    private static string? CreateWords(object?[] row)
    {
        if (row[SearchId] is null || (long)row[IsDeleted]! != 0)
            return null;
        var content = new NewEvent(RoomEventKind.Message, (string)row[Author]!, (string)row[Name]!, (string)row[Text]!) { Files = EventBody.Decode((string?)row[Body]).Files };
        return SearchVector.Create((long)row[Room]!, content);
    }
}
