using System.Data.Common;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>The only connection that writes, with its prepared statements. Used by the writer's thread only.</summary>
internal sealed class StorageWriter(DbConnection connection, IEventRows rows, SqlStorage storage) : IDisposable
{
    public DbConnection Connection => connection;

    public EventTable Events { get; } = new(connection, rows, storage);

    /// <param name="begin">The engine's statement to begin a transaction.</param>
    public void Begin(string begin, DateTimeOffset now)
    {
        Events.Now = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
        connection.Execute(begin);
    }

    public void Commit()
    {
        connection.Execute("COMMIT");
        Events.OnCommitted();
    }

    /// <summary>Closes the connection. A transaction that is not committed is rolled back.</summary>
    public void Dispose()
    {
        Events.Dispose();
        connection.Dispose();
    }
}
