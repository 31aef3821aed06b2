using System.Collections.Concurrent;
using RawSocketChat.Server.Logging;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>Logs the faults of reads. One fault makes many requests fail, so each kind of data gets at most one line in ten minutes.</summary>
internal sealed class ReadFaultLog(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, LogLimit> _limits = new();

    /// <summary>Logs a fault, and returns it.</summary>
    /// <param name="what">What could not be read.</param>
    public StorageException Report(string what, StorageException fault)
    {
        if (_limits.GetOrAdd(what, _ => new LogLimit(time, burst: 1, Interval)).TryTake(out _))
            Log.CannotRead(logger, fault.InnerException, what, fault.Message);
        return fault;
    }
}
