namespace RawSocketChat.Server.Sessions;

/// <summary>Loads what is stored about people before anybody connects, and tidies up once a minute.</summary>
public sealed class SessionUpkeep(SessionStore sessions, TimeProvider time, ILogger<SessionUpkeep> logger) : BackgroundService
{
    // Far below the least time for which a session is remembered.
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromMinutes(1);

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
        using var timer = new PeriodicTimer(BetweenRounds, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await TidyAsync();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server is going down.
        }
    }

    private async Task TidyAsync()
    {
        try
        {
            await sessions.TidyAsync();
        }
#pragma warning disable CA1031 // a service that faults ends the server, and a round that fails is tried again in a minute
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.NotTidied(logger, fault);
        }
    }
}
