namespace RawSocketChat.Server.Sessions;

/// <summary>Starts the session store before the first connection, and cleans it up once a minute.</summary>
public sealed class SessionMaintenance(SessionStore sessions, TimeProvider time, ILogger<SessionMaintenance> logger) : BackgroundService
{
    // The interval must not be longer than the lifetime of a guest's session. The setting GuestMinutes can be as low as one minute.
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await sessions.StartAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await sessions.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await CleanUpAsync();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task CleanUpAsync()
    {
        try
        {
            await sessions.CleanUpAsync();
        }
#pragma warning disable CA1031 // an exception of a background service would stop the server; the next interval retries instead
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.CleanupFailed(logger, fault);
        }
    }
}
