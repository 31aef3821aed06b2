using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql.Maintenance;

/// <summary>Reads the rows of a chat in the order of their keys.</summary>
/// <param name="transaction">No server can change the chat until this transaction is disposed of.</param>
internal sealed class MigrationSource(OfflineTransaction transaction)
{
    // A long message has 8,000 characters, so a page of the longest messages has about 32 MB.
    private const int PageRows = 1000;

    /// <summary>
    /// Returns a hash of the state of the chat: all rows of the small tables, and the newest seq and the number of events of each room.
    /// </summary>
    /// <exception cref="StorageException">The database cannot be read.</exception>
    public string ComputeState(CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var table in MigratedTable.All.Where(table => !table.FollowsLog))
        {
            Append(hash, [table.Name]);
            for (object?[]? last = null; Read(table, last) is { Count: > 0 } rows; last = rows[^1])
            {
                cancel.ThrowIfCancellationRequested();
                foreach (var row in rows)
                    Append(hash, row);
            }
        }

        foreach (var (room, last, count) in transaction.Execute(connection => connection.Query<(long, long, long)>("SELECT room, MAX(seq), COUNT(*) FROM events GROUP BY room ORDER BY room")))
            Append(hash, [room, last, count]);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Counts the rows of a table.</summary>
    /// <exception cref="StorageException">The database cannot be read.</exception>
    public long Count(MigratedTable table) => transaction.Execute(connection => connection.ExecuteScalar<long>($"SELECT COUNT(*) FROM {table.Name}"));

    /// <summary>Reads the next rows of a table.</summary>
    /// <param name="last">The last row of the previous page, or only its key; null for the first page.</param>
    /// <exception cref="StorageException">The database cannot be read.</exception>
    public List<object?[]> Read(MigratedTable table, object?[]? last) => transaction.Execute(connection =>
    {
        var keys = last is null ? "" : $"WHERE ({table.KeyList}) > ({string.Join(", ", Enumerable.Range(1, table.KeyLength).Select(number => $"@p{number}"))})";
        using var page = new Statement(connection, $"SELECT {table.ColumnList} FROM {table.Name} {keys} ORDER BY {table.KeyList} LIMIT {PageRows}", last is null ? 0 : table.KeyLength);
        using var row = page.Query(last is null ? [] : last.AsSpan(0, table.KeyLength));
        var rows = new List<object?[]>();
        while (row.Read())
            rows.Add(ReadRow(row));
        return rows;
    });

    /// <summary>Reads the values of a row: texts, integers and null.</summary>
    public static object?[] ReadRow(DbDataReader row)
    {
        var values = new object?[row.FieldCount];
        for (var i = 0; i < values.Length; i++)
            values[i] = row.IsDBNull(i) ? null : row.GetValue(i);
        return values;
    }

    // The length precedes each value, so two different rows never become the same bytes.
    private static void Append(IncrementalHash hash, object?[] values)
    {
        foreach (var value in values)
        {
            var text = Convert.ToString(value, CultureInfo.InvariantCulture)!;
            hash.AppendData(Encoding.UTF8.GetBytes(value is null ? "-;" : $"{text.Length};{text}"));
        }
    }
}
