using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Connections;

/// <summary>
/// Finds the peers that are gone without a word. One timer looks at all connections once a second: a timer for each
/// would cost more than the connection itself. When the server stops, it tells everybody.
/// </summary>
public sealed class ConnectionWatch(
    ConnectionRegistry connections,
    IOptions<ConnectionOptions> options,
    TimeProvider time,
    IHostApplicationLifetime lifetime) : BackgroundService
{
    private readonly ConnectionOptions _options = options.Value;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // Not in StopAsync: Kestrel stops first and would wait for these very connections.
        lifetime.ApplicationStopping.Register(() => connections.CloseAll(Disconnect.Draining));
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var connection in connections.All)
                    Look(connection);
            }
        }
        catch (OperationCanceledException)
        {
            // The host is stopping.
        }
    }

    /// <summary>Waits for the last of them. What they still need, rooms and storage, has to be registered before this, and so stops after it.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        connections.CloseAll(Disconnect.Draining);
        await connections.EndedAsync().WaitAsync(cancellationToken);
    }

    internal void Look(Connection connection)
    {
        if (!connection.IsOpen)
            return;

        var silent = connection.SilentFor;
        if (connection.Outbox.StuckFor >= TimeSpan.FromSeconds(_options.StallSeconds))
            connection.Close(Disconnect.TooSlow);
        else if (connection.Transport is { IsAbandoned: true })
            connection.Close(Disconnect.Idle);
        else if (connection.IsMidFrame && silent >= TimeSpan.FromSeconds(_options.FrameSeconds))
            connection.Close(Disconnect.Idle);
        else if (connection.OwesFirstFrame && silent >= TimeSpan.FromSeconds(_options.FirstFrameSeconds))
            connection.Close(Disconnect.Idle);
        else if (connection.IsProbed && silent >= TimeSpan.FromSeconds(_options.PingSeconds + _options.PongSeconds))
            connection.Close(Disconnect.Idle);
        else if (connection is { Transport: { CanProbe: true } transport, IsProbed: false } && silent >= TimeSpan.FromSeconds(_options.PingSeconds))
        {
            connection.IsProbed = true;
            transport.Probe();
        }
    }
}
