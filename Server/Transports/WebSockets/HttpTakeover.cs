using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>
/// Lets a connection go on once HTTP is over. A WebSocket lives for hours inside the request that it began as, and all that
/// time Kestrel keeps the request, its headers and its features for it, several kilobytes each. So the request ends with
/// its 101, HTTP with the request, and what stands around HTTP at the address goes on with the same pipe. Where that pipe can be
/// detached, Kestrel's own connection ends as well.
/// <para>
/// Kestrel does not promise this; it is what it does: after an upgrade it leaves the pipe alone and only begins to count how
/// long the peer takes to go. That count comes with the connection's heartbeat, which therefore stands behind this as well.
/// </para>
/// </summary>
internal sealed class HttpTakeover(IConnectionHeartbeatFeature? heartbeat) : IConnectionHeartbeatFeature
{
    private List<(Action<object> Action, object State)>? _beats = [];
    private ITakesConnection? _taker;

    /// <summary>To be called in a request that was upgraded, which then has to end without a further word.</summary>
    public void Take(ITakesConnection taker) => _taker = taker;

    public void OnHeartbeat(Action<object> action, object state)
    {
        lock (this)
        {
            if (_beats is { Count: 0 })
                heartbeat?.OnHeartbeat(static takeover => ((HttpTakeover)takeover).Beat(), this);
            _beats?.Add((action, state));
        }
    }

    /// <summary>Runs HTTP, and then what took the connection over, if anything did.</summary>
    public static async Task RunAsync(ConnectionDelegate http, ConnectionContext connection)
    {
        var features = connection.Features;
        var takeover = new HttpTakeover(features.Get<IConnectionHeartbeatFeature>());
        features.Set<IConnectionHeartbeatFeature>(takeover);
        features.Set(takeover);
        await http(connection);
        if (takeover.End() is { } taker)
        {
            // What HTTP has left behind here would keep all of it.
            features.Set<HttpTakeover>(null);
            features.Set<IConnectionTimeoutFeature>(null);
            await taker.GoOnAsync(connection);
        }
    }

    private ITakesConnection? End()
    {
        lock (this)
        {
            var taker = _taker;
            _taker = null;
            if (taker is not null)
                _beats = null;
            return taker;
        }
    }

    private void Beat()
    {
        (Action<object> Action, object State)[] beats;
        lock (this)
        {
            if (_beats is null)
                return;
            beats = [.. _beats];
        }

        foreach (var (action, state) in beats)
            action(state);
    }
}

public static class HttpTakeoverSetup
{
    /// <summary>Lets WebSockets over HTTP/1.1 at this address outlive their requests. To be called after TLS was put there.</summary>
    public static void UseHttpTakeover(this ListenOptions listen) => listen.Use(http => connection => HttpTakeover.RunAsync(http, connection));
}
