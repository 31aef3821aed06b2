using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Once a minute, closes unused rooms (<c>Rooms:IdleMinutes</c>), removes empty ones (<c>Rooms:EmptyMinutes</c>), and erases removed ones from
/// the disk.
/// </summary>
public sealed class RoomMaintenance(RoomDirectory rooms, IRoomCatalog catalog, IOptions<RoomOptions> options, TimeProvider time, ILogger<RoomMaintenance> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

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
            await rooms.CloseUnusedAsync(TimeSpan.FromMinutes(options.Value.IdleMinutes), stoppingToken);
            if (options.Value.EmptyMinutes is > 0 and var minutes)
                await rooms.RemoveEmptyAsync(time.GetUtcNow() - TimeSpan.FromMinutes(minutes), stoppingToken);
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
}
