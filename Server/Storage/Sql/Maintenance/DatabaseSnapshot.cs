using System.Data.Common;

namespace RawSocketChat.Server.Storage.Sql.Maintenance;

/// <summary>A database as it was at one moment. A server may write to it at the same time.</summary>
internal abstract class DatabaseSnapshot : IDisposable
{
    /// <summary>The connection that reads. It may create temporary tables.</summary>
    public abstract DbConnection Connection { get; }

    /// <summary>Reads from the database.</summary>
    /// <exception cref="StorageException">The database cannot be read.</exception>
    public abstract T Read<T>(Func<DbConnection, T> read);

    /// <summary>Runs the checks that only this engine needs, and adds a line to the result for each fault.</summary>
    public abstract void Check(CheckResult result, IProgress<WorkProgress> progress);

    public abstract void Dispose();
}
