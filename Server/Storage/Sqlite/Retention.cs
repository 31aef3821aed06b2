using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// Once a minute: what is too old (<c>Data:KeepDays</c>) cannot be had any more, and what cannot be had any more, by its age
/// or by its number (<c>Data:KeepEvents</c>), is deleted, a little at a time and a room at a time.
/// </summary>
public sealed class Retention(IServiceProvider services, IOptions<DataOptions> options, TimeProvider time, ILogger<Retention> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly DataOptions _options = options.Value;

    /// <summary>Does it for all rooms.</summary>
    public static async Task TrimAsync(SqliteStorage storage, int keepDays, ILogger logger, CancellationToken cancellationToken)
    {
        DateTimeOffset? cutoff = keepDays > 0 ? storage.Now - TimeSpan.FromDays(keepDays) : null;
        foreach (var room in storage.State.Rooms)
        {
            try
            {
                while (await storage.WriteAsync(writer => Trim(writer, room, cutoff), cancellationToken, weight: Trimming.Step))
                {
                }
            }
            catch (StorageException fault)
            {
                // It is tried again a minute later.
                Log.TrimFailed(logger, fault, room.Name);
                return;
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_options.Durability == Durability.None || _options is { KeepDays: 0, KeepEvents: 0 })
            return;
        var storage = services.GetRequiredService<SqliteStorage>();
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
                await TrimAsync(storage, _options.KeepDays, logger, stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The host is stopping.
        }
    }

    private static bool Trim(StorageWriter writer, LoggedRoom room, DateTimeOffset? cutoff)
    {
        if (cutoff is { } oldest)
            room.TrimTo(writer.Trimming.FirstSince(room, oldest));
        return writer.Trimming.Trim(room);
    }
}
