using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Logging;

namespace RawSocketChat.Server.Hosting;

/// <summary>
/// Reads the header of the PROXY protocol at the beginning of the connections of trusted proxies. The client's address in the header
/// becomes the connection's remote address, and <see cref="ProxyPeer"/> has the address of the proxy. A trusted proxy must send the header: if
/// it were optional, a client could send a header of its own through a proxy that sends none. Connections of other peers are not changed.
/// </summary>
internal sealed class ProxyProtocol(TrustedAddresses trusted, TimeSpan timeout, TimeProvider time, ILogger logger)
{
    private readonly LogLimit _logLimit = LogLimit.CreateUsual(time);

    /// <summary>Reads the header, and runs the rest of the connection's pipeline. Ends the connection if the header is missing or invalid.</summary>
    public async Task RunAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        if (connection.RemoteEndPoint is not IPEndPoint peer || !trusted.Contains(peer.Address))
        {
            await next(connection);
            return;
        }

        if (!await TryReadHeaderAsync(connection))
        {
            if (_logLimit.TryTake(out var dropped))
                Log.NoProxyHeader(logger, peer, dropped);
            return;
        }

        connection.Features.Set(new ProxyPeer(peer));
        await next(connection);
    }

    // Reads the header, and gives the connection the client's address. Returns false if the header is missing, invalid or too late.
    private async Task<bool> TryReadHeaderAsync(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        using var timer = new CancellationTokenSource(timeout, time);
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(timer.Token);
                var result = ProxyHeader.TryRead(read.Buffer, out var length, out var client);
                if (result == ProxyHeaderResult.Complete)
                {
                    input.AdvanceTo(read.Buffer.GetPosition(length));
                    connection.RemoteEndPoint = client ?? connection.RemoteEndPoint;
                    return true;
                }

                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (result == ProxyHeaderResult.Invalid || read.IsCompleted)
                    return false;
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException)
        {
            return false;
        }
    }
}

internal static class ProxyProtocolSetup
{
    /// <summary>Reads the headers of trusted proxies at this address. Call this method before TLS is set up.</summary>
    public static void UseProxyProtocol(this ListenOptions listen, TrustedAddresses trusted)
    {
        var services = listen.ApplicationServices;
        var timeout = TimeSpan.FromSeconds(services.GetRequiredService<IOptions<ConnectionOptions>>().Value.FirstFrameSeconds);
        var reader = new ProxyProtocol(trusted, timeout, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<ProxyProtocol>>());
        listen.Use(next => connection => reader.RunAsync(next, connection));
    }
}
