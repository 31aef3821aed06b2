using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Hosting.Tls;
using RawSocketChat.Server.Rooms;

namespace RawSocketChat.Tests.Support;

/// <summary>The real server on real sockets, in this process, on ports of its own.</summary>
public sealed class ServerUnderTest : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TemporaryFolder _data;

    private ServerUnderTest(WebApplication app, int rawPort, TemporaryFolder data)
    {
        _app = app;
        _data = data;
        RawPort = rawPort;
        HttpPort = Addresses.Select(address => address.Port).First(port => port != rawPort);
    }

    /// <summary>All that it listens on; raw ports stand among them as if they were of HTTP.</summary>
    public IReadOnlyList<Uri> Addresses =>
        [.. Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Select(address => new Uri(address))];

    public int HttpPort { get; }

    public int RawPort { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>What a server started by <see cref="StartWithTlsAsync"/> shows in its handshakes.</summary>
    public X509Certificate2 Certificate => Services.GetRequiredService<ServerCertificate>().Current.Certificate;

    public ConnectionRegistry Connections => Services.GetRequiredService<ConnectionRegistry>();

    /// <summary>The connection by which somebody of that name speaks.</summary>
    public Connection ConnectionOf(string name) => Connections.All.Single(connection => NameOf(connection) == name);

    /// <summary>Whether anybody of that name is connected.</summary>
    public bool HasConnectionOf(string name) => Connections.All.Any(connection => NameOf(connection) == name);

    private static string? NameOf(Connection connection) => (connection.Handler as ChatSession)?.Name;

    /// <summary>Starts with limits on, as an operator would get it, in a data folder of its own unless one is given.</summary>
    public static Task<ServerUnderTest> StartAsync(params string[] settings) => StartAsync(null, settings);

    /// <summary>The same by TLS, with the certificate that it makes for itself unless one is given.</summary>
    public static Task<ServerUnderTest> StartWithTlsAsync(params string[] settings) => StartAsync(null, ["--urls", "https://127.0.0.1:0", .. settings]);

    public static async Task<ServerUnderTest> StartAsync(Action<IServiceCollection>? change, params string[] settings)
    {
        for (var attempt = 1; ; attempt++)
        {
            var rawPort = FreePort();
            var data = new TemporaryFolder();
            var app = Server.Program.Build(
                ["--urls", "http://127.0.0.1:0", "--RawTcp:Port", $"{rawPort}", "--Data:Path", data.Path, .. settings],
                services =>
                {
                    services.AddLogging(logging => logging.ClearProviders());
                    change?.Invoke(services);
                });
            try
            {
                await app.StartAsync();
                return new ServerUnderTest(app, rawPort, data);
            }
            catch (IOException) when (attempt < 5)
            {
                // Somebody else took the free port meanwhile.
                await app.DisposeAsync();
                data.Dispose();
            }
        }
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _data.Dispose();
    }

    /// <summary>
    /// A port that nobody listens on. It lies below those that outgoing connections are given (from 32768 on Linux), which
    /// else would take it while a test's server is down.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody listens there.
            }
        }
    }
}
