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

/// <summary>The server in this process, with real sockets on free ports.</summary>
public sealed class ServerUnderTest : IAsyncDisposable
{
    private const int FirstPort = 20_000;
    private const int PortCount = 12_000;

    // Starts at a random port, because another run of the suite may use this machine at the same time.
    private static int LastPort = Random.Shared.Next(PortCount);

    private readonly WebApplication _app;
    private readonly TemporaryFolder _data;

    private ServerUnderTest(WebApplication app, int rawPort, TemporaryFolder data)
    {
        _app = app;
        _data = data;
        RawPort = rawPort;
        HttpPort = Addresses.Select(address => address.Port).First(port => port != rawPort);
    }

    /// <summary>All addresses on which the server listens. The raw port is one of them, with the scheme http.</summary>
    public IReadOnlyList<Uri> Addresses =>
        [.. Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Select(address => new Uri(address))];

    public int HttpPort { get; }

    public int RawPort { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>The certificate of a server that <see cref="StartWithTlsAsync"/> started.</summary>
    public X509Certificate2 Certificate => Services.GetRequiredService<ServerCertificate>().Current.Certificate;

    public ConnectionRegistry Connections => Services.GetRequiredService<ConnectionRegistry>();

    /// <summary>The connection of the user with that name.</summary>
    public Connection FindConnection(string name) => Connections.All.Single(connection => GetName(connection) == name);

    /// <summary>Whether a user with that name is connected.</summary>
    public bool HasConnection(string name) => Connections.All.Any(connection => GetName(connection) == name);

    private static string? GetName(Connection connection) => (connection.Handler as ChatSession)?.UserName;

    /// <summary>Starts the server with default settings and a temporary data folder, unless <paramref name="settings"/> say otherwise.</summary>
    public static Task<ServerUnderTest> StartAsync(params string[] settings) => StartAsync(null, settings);

    /// <summary>Starts the server with TLS. If <paramref name="settings"/> name no certificate, the server creates one.</summary>
    public static Task<ServerUnderTest> StartWithTlsAsync(params string[] settings) => StartAsync(null, ["--urls", "https://127.0.0.1:0", .. settings]);

    public static async Task<ServerUnderTest> StartAsync(Action<IServiceCollection>? configureServices, params string[] settings)
    {
        var engine = await TestEngine.GetDefaultSettingsAsync(settings);
        for (var attempt = 1; ; attempt++)
        {
            var rawPort = FindFreePort();
            var data = new TemporaryFolder();
            var app = Server.Program.Build(
                ["--urls", "http://127.0.0.1:0", "--RawTcp:Port", $"{rawPort}", "--Data:Path", data.Path, .. engine, .. settings],
                services =>
                {
                    services.AddLogging(logging => logging.ClearProviders());
                    configureServices?.Invoke(services);
                });
            try
            {
                await app.StartAsync();
                return new ServerUnderTest(app, rawPort, data);
            }
            catch (IOException) when (attempt < 5)
            {
                // Another process took the port in the meantime.
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
    /// Finds a port that no process listens on. The port is below the range for outgoing connections (from 32768 on Linux),
    /// so no outgoing connection takes it while a test's server is down. Every call returns another port, so tests that run in parallel
    /// do not take each other's ports.
    /// </summary>
    public static int FindFreePort()
    {
        while (true)
        {
            var port = FirstPort + (int)((uint)Interlocked.Increment(ref LastPort) % PortCount);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // The port is in use.
            }
        }
    }
}
