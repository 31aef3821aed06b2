using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage;

/// <summary>
/// Checks whether the storage can write now. It checks the free space of the disk, and makes a small write to find all other faults. A
/// result is valid for one second, so many requests cause at most one write a second. Thread-safe.
/// </summary>
public sealed class StorageProbe(IServiceProvider services, IOptions<DataOptions> options, TimeProvider time)
{
    // On a full disk, the small write of the probe can succeed, because the server empties the write-ahead log after a failed write. So the probe
    // checks the free space too.
    private const long MinFreeBytes = 1024 * 1024;

    private static readonly TimeSpan ResultLifetime = TimeSpan.FromSeconds(1);

    // A write to a disk that hangs does not return, so the probe waits only for this time.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private Task<bool>? _probe;
    private long _probedAt;

    /// <summary>Returns true if the storage can write. Data that is in memory only can always be written.</summary>
    public async Task<bool> CanWriteAsync()
    {
        if (options.Value.Durability == Durability.None)
            return true;
        Task<bool> probe;
        lock (_gate)
        {
            if (_probe is null || (_probe.IsCompleted && time.GetElapsedTime(_probedAt) >= ResultLifetime))
            {
                _probe = TryWriteAsync(services.GetRequiredService<SqlStorage>());
                _probedAt = time.GetTimestamp();
            }

            probe = _probe;
        }

        try
        {
            return await probe.WaitAsync(Timeout, time);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static async Task<bool> TryWriteAsync(SqlStorage storage)
    {
        try
        {
            await storage.ProbeWriteAsync();
            return !storage.IsFailing && HasFreeSpace(storage.Folder);
        }
        catch (StorageException)
        {
            // The storage has logged the reason.
            return false;
        }
    }

    private static bool HasFreeSpace(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace >= MinFreeBytes;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // The system does not report the free space for this folder. The write has succeeded.
            return true;
        }
    }
}
