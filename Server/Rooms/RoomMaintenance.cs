using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Once a minute, unloads unused rooms (<c>Rooms:IdleMinutes</c>), removes rooms that never had an event (<c>Rooms:EmptyMinutes</c>), and
/// erases removed rooms from the disk. Once an hour, removes abandoned rooms (<c>Rooms:AbandonedDays</c>).
/// </summary>
public sealed class RoomMaintenance(
    RoomDirectory rooms, IRoomCatalog catalog, ClockGuard clock, IOptions<RoomOptions> options, TimeProvider time, INodes nodes, ILogger<RoomMaintenance> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // The query for abandoned rooms reads all rooms and many of their members, so it does not run every minute.
    private static readonly TimeSpan AbandonedInterval = TimeSpan.FromHours(1);

    private long? _abandonedRemoved;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await TryAsync(() => CompareClockAsync(cancellationToken));
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await TryAsync(() => CleanUpAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task CleanUpAsync(CancellationToken stoppingToken)
    {
        await rooms.UnloadUnusedAsync(TimeSpan.FromMinutes(options.Value.IdleMinutes), stoppingToken);
        await CompareClockAsync(stoppingToken);
        await rooms.CountAsync(stoppingToken);
        // With several servers, only the leader removes rooms.
        if (!nodes.IsLeader)
            return;
        if (clock.IsTrusted())
        {
            if (options.Value.EmptyMinutes is > 0 and var minutes)
                await rooms.RemoveEmptyAsync(time.GetUtcNow() - TimeSpan.FromMinutes(minutes), stoppingToken);
            if (options.Value.AbandonedDays is > 0 and var days)
                await RemoveAbandonedAsync(TimeSpan.FromDays(days), stoppingToken);
        }

        await catalog.EraseRemovedAsync(stoppingToken);
    }

    private async Task CompareClockAsync(CancellationToken cancellationToken)
    {
        if (!clock.IsCompared)
            clock.CompareWith(await catalog.FindNewestTimeAsync(cancellationToken));
    }

    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
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

    private async Task RemoveAbandonedAsync(TimeSpan unusedFor, CancellationToken stoppingToken)
    {
        if (_abandonedRemoved is { } last && time.GetElapsedTime(last) < AbandonedInterval)
            return;
        await rooms.RemoveAbandonedAsync(time.GetUtcNow() - unusedFor, stoppingToken);
        _abandonedRemoved = time.GetTimestamp();
    }
}
