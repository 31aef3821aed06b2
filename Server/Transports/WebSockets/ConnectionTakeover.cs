using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>
/// Lets a connection continue after HTTP has ended. A WebSocket lasts for hours. If the WebSocket stayed inside its request, Kestrel would
/// keep the request, its headers and its features during this time. They take several kilobytes for each WebSocket. Therefore the request
/// ends after its 101 response. When the request ends, Kestrel's HTTP code for this connection ends too. Then the connection middleware
/// around that code continues with the same pipe. If the pipe can be detached, Kestrel's own connection ends too.
/// <para>
/// Kestrel does not guarantee this behaviour. After an upgrade Kestrel does not use the pipe again. But Kestrel starts a timeout within
/// which the peer must shut down its sending side. The connection's heartbeat drives that timeout, so this class also wraps the heartbeat.
/// </para>
/// </summary>
internal sealed class ConnectionTakeover(IConnectionHeartbeatFeature? heartbeat) : IConnectionHeartbeatFeature
{
    private List<(Action<object> Action, object State)>? _heartbeatActions = [];
    private IConnectionRunner? _runner;

    /// <summary>
    /// Sets the runner of the connection after HTTP. Call this method in an upgraded request. The request must then end and must not write
    /// any more bytes.
    /// </summary>
    public void ContinueWith(IConnectionRunner runner) => _runner = runner;

    public void OnHeartbeat(Action<object> action, object state)
    {
        lock (this)
        {
            if (_heartbeatActions is { Count: 0 })
                heartbeat?.OnHeartbeat(static takeover => ((ConnectionTakeover)takeover).OnBeat(), this);
            _heartbeatActions?.Add((action, state));
        }
    }

    /// <summary>Runs HTTP. If a request has set a runner, runs the connection with this runner afterwards.</summary>
    public static async Task RunAsync(ConnectionDelegate http, ConnectionContext connection)
    {
        var features = connection.Features;
        var takeover = new ConnectionTakeover(features.Get<IConnectionHeartbeatFeature>());
        features.Set<IConnectionHeartbeatFeature>(takeover);
        features.Set(takeover);
        await http(connection);
        if (takeover.EndHttp() is { } runner)
        {
            // These features refer to HTTP objects and would keep them in memory.
            features.Set<ConnectionTakeover>(null);
            features.Set<IConnectionTimeoutFeature>(null);
            await runner.DetachAndRunAsync(connection);
        }
    }

    // Returns the runner, or null. If there is a runner, HTTP's heartbeat actions are not called any more.
    private IConnectionRunner? EndHttp()
    {
        lock (this)
        {
            var runner = _runner;
            _runner = null;
            if (runner is not null)
                _heartbeatActions = null;
            return runner;
        }
    }

    private void OnBeat()
    {
        (Action<object> Action, object State)[] actions;
        lock (this)
        {
            if (_heartbeatActions is null)
                return;
            actions = [.. _heartbeatActions];
        }

        foreach (var (action, state) in actions)
            action(state);
    }
}

public static class ConnectionTakeoverSetup
{
    /// <summary>Lets WebSockets over HTTP/1.1 at this address outlive their requests. Call this method after TLS is set up.</summary>
    public static void UseConnectionTakeover(this ListenOptions listen) => listen.Use(http => connection => ConnectionTakeover.RunAsync(http, connection));
}
