using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// Once a minute: what is too old (<c>Data:KeepDays</c>) cannot be had any more, and what cannot be had any more, by its age
/// or by its number (<c>Data:KeepEvents</c>), is deleted, a little at a time and a room at a time; and so is what was kept of
/// guests who are forgotten.
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
                while ((await storage.WriteAsync(writer => Trim(writer, room, cutoff), cancellationToken, trimmed => trimmed.Stored?.Invoke(), Trimming.Step)).IsLeft)
                {
                }
            }
            catch (StorageException fault)
            {
                // It is tried again a minute later; what is damaged in one room keeps no other from being trimmed.
                Log.TrimFailed(logger, fault, room.Name);
                if (!fault.IsDamage)
                    return;
            }
        }

        try
        {
            await storage.WriteAsync(writer => writer.Trimming.TrimIds(), cancellationToken);
        }
        catch (StorageException)
        {
            // They are looked at again a minute later.
        }
    }

    /// <summary>Takes away the memberships and read marks of those who cannot come back: they have neither a session nor an account.</summary>
    public static async Task ForgetStrangersAsync(SqliteStorage storage, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            while (await storage.WriteAsync(writer => writer.Rooms.ForgetStrangers(), cancellationToken, weight: Trimming.Step))
            {
            }
        }
        catch (StorageException fault)
        {
            // It is tried again a minute later.
            Log.StrangersKept(logger, fault);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_options.Durability == Durability.None)
            return;
        var storage = services.GetRequiredService<SqliteStorage>();
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                if (_options is not { KeepDays: 0, KeepEvents: 0 })
                    await TrimAsync(storage, _options.KeepDays, logger, stoppingToken);
                await ForgetStrangersAsync(storage, logger, stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The host is stopping.
        }
    }

    // What is in the journal settles first: a room's beginning is stored only where all before it has had its place.
    private static (bool IsLeft, Action? Stored) Trim(StorageWriter writer, LoggedRoom room, DateTimeOffset? cutoff)
    {
        if (cutoff is { } oldest)
            room.TrimTo(writer.Trimming.FirstSince(room, oldest));
        return room.First > room.Settled + 1 && writer.State.Unsettled > 0
            ? (true, writer.Journal.Settle())
            : writer.Trimming.Trim(room);
    }
}
