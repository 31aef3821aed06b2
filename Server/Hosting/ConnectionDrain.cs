using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace RawSocketChat.Server.Hosting;

/// <summary>
/// At shutdown, ends the input of each HTTP connection that has no running request. Ends the input of a running POST too, because the rest of its
/// body may never come. Kestrel itself ends only idle connections, and waits for the rest of an incomplete request or TLS handshake until the host's
/// shutdown timeout.
/// <para>
/// The input ends as if the peer had shut down its sending side: this class shuts down the receiving side of the socket. So bytes that have
/// arrived are still read. HTTP answers an incomplete request with 400, and the output is not affected. Kestrel ends HTTP/2 connections without
/// streams itself, and <see cref="Tls.Http2ShutdownTimeout"/> ends the others.
/// </para>
/// <para>Thread-safe.</para>
/// </summary>
internal sealed class ConnectionDrain
{
    private readonly Socket _socket;
    private readonly Lock _gate = new();
    private int _running;
    private bool _isDraining;
    private bool _mustKeepInput;

    private ConnectionDrain(Socket socket) => _socket = socket;

    /// <summary>Runs the rest of the connection's pipeline, and drains the connection when Kestrel stops.</summary>
    public static async Task RunAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        var drain = new ConnectionDrain(connection.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket);
        connection.Features.Set(drain);
        var stopping = connection.Features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>().ConnectionClosedRequested;
        await using var registration = stopping.UnsafeRegister(static drain => ((ConnectionDrain)drain!).Begin(), drain);
        await next(connection);
    }

    /// <summary>Runs a request, and keeps the input open as long as the request needs it.</summary>
    public Task RunRequestAsync(RequestDelegate next, HttpContext context)
    {
        if (HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            // The connection may have other streams, so its input must stay open.
            lock (_gate)
                _mustKeepInput = true;
            return next(context);
        }

        return HttpMethods.IsPost(context.Request.Method) ? next(context) : RunWithInputAsync(next, context);
    }

    // A request that is not a POST uses the end of the input to detect that its peer is gone. So the input must stay open while the request runs.
    private async Task RunWithInputAsync(RequestDelegate next, HttpContext context)
    {
        lock (_gate)
            _running++;
        try
        {
            await next(context);
        }
        finally
        {
            lock (_gate)
            {
                _running--;
                // A WebSocket may continue on this connection. It ends with a close frame, so its input must stay open.
                _mustKeepInput |= context.Response.StatusCode == StatusCodes.Status101SwitchingProtocols;
                // Without this call, Kestrel would wait for the rest of a body that the request has not read.
                EndInputIfDrained();
            }
        }
    }

    private void Begin()
    {
        lock (_gate)
        {
            _isDraining = true;
            EndInputIfDrained();
        }
    }

    // The caller holds the lock.
    private void EndInputIfDrained()
    {
        if (!_isDraining || _running > 0 || _mustKeepInput)
            return;
        try
        {
            _socket.Shutdown(SocketShutdown.Receive);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // The connection is already lost or closed.
        }
    }
}

internal static class ConnectionDrainSetup
{
    /// <summary>Drains connections of this address at shutdown. Call this before TLS is set up. Otherwise the drain would not end TLS handshakes.</summary>
    public static void UseConnectionDrain(this ListenOptions listen) => listen.Use(next => connection => ConnectionDrain.RunAsync(next, connection));

    /// <summary>Passes each request to the <see cref="ConnectionDrain"/> of its connection, before any other code handles the request.</summary>
    public static void AddConnectionDrain(this IServiceCollection services) => services.AddSingleton<IStartupFilter, RequestFilter>();

    private sealed class RequestFilter : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(rest => context => context.Features.Get<ConnectionDrain>() is { } drain ? drain.RunRequestAsync(rest, context) : rest(context));
            next(app);
        };
    }
}
