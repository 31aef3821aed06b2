using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Hosting.Tls;
using RawSocketChat.Server.Sockets;

namespace RawSocketChat.Server.Hosting;

public static class HostingSetup
{
    // An eighth of the window that Kestrel gives a connection of HTTP/2: while one of its streams waits, because its peer does
    // not read the answers, the others still have room to send.
    private const int StreamWindowBytes = 128 * 1024;

    /// <summary>What the environment and the command line say beyond appsettings.json; all of it checked.</summary>
    /// <exception cref="SettingException">All that is wrong, in one line.</exception>
    public static void AddSettings(this IConfigurationManager configuration, string[] args)
    {
        configuration.AddEnvironmentVariables("RSC_");
        configuration.AddCommandLine(args);
        SettingsCheck.Run(configuration);
    }

    /// <summary>Settings come from appsettings.json, then the environment (<c>RSC_</c>), then the command line; the last one counts.</summary>
    public static void AddSettings(this WebApplicationBuilder builder, string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        builder.Configuration.AddSettings(args);

        builder.Services.AddOptions<PlaintextOptions>().BindConfiguration(PlaintextOptions.Section);
        builder.Services.AddTls();
        // Kestrel opens a scope for each connection and each request, and nothing here reads any: what is logged of a connection names it.
        builder.Services.Configure<LoggerFilterOptions>(logging => logging.CaptureScopes = false);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(10));

        var urls = Listening.UrlsOf(builder.Configuration);
        var keepAlive = builder.Configuration.Read<ConnectionOptions>(ConnectionOptions.Section);
        builder.UseTransport(endpoint => Listening.WithKeepAlive(endpoint, keepAlive), TimeSpan.FromSeconds(keepAlive.StallSeconds));
        builder.WebHost.ConfigureKestrel((context, kestrel) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.LeaveToEachRequest();
            kestrel.Limits.Http2.InitialStreamWindowSize = StreamWindowBytes;
            kestrel.Bind(urls, context.Configuration);
        });
    }

    private static void UseTransport(this WebApplicationBuilder builder, Func<EndPoint, Socket> listen, TimeSpan drainTimeout)
    {
        var kind = builder.Configuration.Read<TransportOptions>(TransportOptions.Section).Kind;
        if (kind == TransportKind.Kestrel)
            builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = listen);
        else
            builder.Services.AddSocketTransport(new SocketTransportSettings { Listen = listen, DrainTimeout = drainTimeout });
    }
}
