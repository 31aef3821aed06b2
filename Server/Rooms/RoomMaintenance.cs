using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Once a minute, unloads unused rooms (<c>Rooms:IdleMinutes</c>), removes rooms that never had an event (<c>Rooms:EmptyMinutes</c>), and
/// erases removed rooms from the disk. Once an hour, removes abandoned rooms (<c>Rooms:AbandonedDays</c>).
/// </summary>
public sealed class RoomMaintenance(RoomDirectory rooms, IRoomCatalog catalog, IOptions<RoomOptions> options, TimeProvider time, ILogger<RoomMaintenance> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // The query for abandoned rooms reads all rooms and many of their members, so it does not run every minute.
    private static readonly TimeSpan AbandonedInterval = TimeSpan.FromHours(1);

    private readonly ClockGuard _clock = new(time);
    private long? _abandonedRemoved;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await CleanUpAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task CleanUpAsync(CancellationToken stoppingToken)
    {
        try
        {
            await rooms.UnloadUnusedAsync(TimeSpan.FromMinutes(options.Value.IdleMinutes), stoppingToken);
            if (options.Value.EmptyMinutes is > 0 and var minutes)
                await rooms.RemoveEmptyAsync(time.GetUtcNow() - TimeSpan.FromMinutes(minutes), stoppingToken);
            if (options.Value.AbandonedDays is > 0 and var days)
                await RemoveAbandonedAsync(TimeSpan.FromDays(days), stoppingToken);
            await catalog.EraseRemovedAsync(stoppingToken);
        }
        catch (StorageException)
        {
            // The storage logs its own errors.
        }
#pragma warning disable CA1031 // an exception of a background service would stop the server; the next interval retries instead
        catch (Exception fault) when (fault is not OperationCanceledException)
#pragma warning restore CA1031
        {
            Log.MaintenanceFailed(logger, fault);
        }
    }

    // A wrong clock must not remove rooms.
    private async Task RemoveAbandonedAsync(TimeSpan unusedFor, CancellationToken stoppingToken)
    {
        var newest = _clock.NeedsNewest ? await catalog.FindNewestTimeAsync(stoppingToken) : null;
        if (!_clock.IsTrusted(newest, out _) || (_abandonedRemoved is { } last && time.GetElapsedTime(last) < AbandonedInterval))
            return;
        await rooms.RemoveAbandonedAsync(time.GetUtcNow() - unusedFor, stoppingToken);
        _abandonedRemoved = time.GetTimestamp();
    }
}
