using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Connections;

/// <summary>
/// Closes the connections of peers that are silent or read nothing for too long, and closes all connections when the server stops. One
/// timer checks all connections once a second, because a timer for each connection would cost more memory and time.
/// </summary>
public sealed class ConnectionWatch(
    ConnectionRegistry connections,
    IOptions<ConnectionOptions> options,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<ConnectionWatch> logger) : BackgroundService
{
    private readonly ConnectionOptions _options = options.Value;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // Close the connections as soon as the stop begins. StopAsync would be too late: Kestrel stops before this service, and Kestrel
        // waits until the connections have ended.
        lifetime.ApplicationStopping.Register(() => connections.CloseAll(Disconnect.Draining, logger));
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
                    TryCheck(connection);
            }
        }
        catch (OperationCanceledException)
        {
            // The host is stopping.
        }
    }

    /// <summary>
    /// Waits until the last connection has ended. Connections need other services, such as rooms and storage, until then. The host stops
    /// services in the reverse order of their registration, so these services must be registered before this one.
    /// </summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        connections.CloseAll(Disconnect.Draining, logger);
        await connections.WaitForEndAsync().WaitAsync(cancellationToken);
    }

    // Catches all exceptions, because an exception in the timer's loop would end the timeouts of all connections and stop the server.
    private void TryCheck(Connection connection)
    {
        try
        {
            Check(connection);
        }
#pragma warning disable CA1031 // an error of one connection must not affect the others
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.CheckFailed(logger, fault, connection.TransportName, connection.Remote);
            connection.TryClose(Disconnect.Internal, logger);
        }
    }

    private void Check(Connection connection)
    {
        if (!connection.IsOpen)
            return;

        var silent = connection.SilentFor;
        if (connection.Outbox.BlockedFor >= TimeSpan.FromSeconds(_options.StallSeconds))
            connection.Close(Disconnect.TooSlow);
        else if (connection.Transport is { IsAbandoned: true })
            connection.Close(Disconnect.Idle);
        else if (connection.IsMidFrame && silent >= TimeSpan.FromSeconds(_options.FrameSeconds))
            connection.Close(Disconnect.Idle);
        else if (connection.MidFrameFor >= TimeSpan.FromSeconds(_options.WholeFrameSeconds))
            connection.Close(Disconnect.Idle);
        else if (connection.IsAwaitingFirstFrame && silent >= TimeSpan.FromSeconds(_options.FirstFrameSeconds))
            connection.Close(Disconnect.Idle);
        else if (connection.IsProbed && silent >= TimeSpan.FromSeconds(_options.PingSeconds + _options.PongSeconds))
            connection.Close(Disconnect.Idle);
        else if (connection is { Transport: { CanProbe: true } transport, IsProbed: false } && silent >= TimeSpan.FromSeconds(_options.PingSeconds))
        {
            connection.IsProbed = true;
            transport.SendProbe();
        }
    }
}
