using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Hosting.Tls;
using RawSocketChat.Server.Push;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Sessions.Jwt;
using RawSocketChat.Server.Sockets;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Web;
using RawSocketChat.Server.Webhooks;

namespace RawSocketChat.Server.Hosting;

public static class HostingSetup
{
    // The HTTP/2 window of one stream: an eighth of Kestrel's window for the whole connection. If a client reads no answers on a stream, the server
    // stops reading that stream. The client can then fill only the window of that stream, so the other streams can still use the window of the
    // connection.
    private const int StreamWindowBytes = 128 * 1024;

    /// <summary>
    /// Reads settings from the environment (<c>RSC_</c>) and then from the command line, and validates all settings. A later source overrides an
    /// earlier one. The first source is appsettings.json.
    /// </summary>
    /// <exception cref="SettingException">A setting is unknown or has a bad value. The message lists all errors in one line.</exception>
    public static void AddSettings(this IConfigurationManager configuration, string[] args)
    {
        configuration.AddEnvironmentVariables(GivenSettings.EnvironmentPrefix);
        configuration.AddCommandLine(args);
        var environment = new ConfigurationBuilder().AddEnvironmentVariables(GivenSettings.EnvironmentPrefix).Build();
        SettingsValidator.Validate(configuration, GivenSettings.FindErrors(args, environment));
    }

    /// <summary>Reads and validates the settings, and configures TLS, the socket transport and Kestrel accordingly.</summary>
    public static void AddSettings(this WebApplicationBuilder builder, string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        builder.Configuration.AddSettings(args);
        var errors = builder.Configuration.Read<JwtOptions>(JwtOptions.Section).FindErrors()
            .Concat(builder.Configuration.Read<OidcOptions>(OidcOptions.Section).FindErrors())
            .Concat(builder.Configuration.Read<PushOptions>(PushOptions.Section).FindErrors())
            .Concat(builder.Configuration.Read<WebOptions>(WebOptions.Section).FindErrors())
            .Concat(builder.Configuration.Read<WebhookOptions>(WebhookOptions.Section).FindErrors())
            .ToList();
        if (errors.Count > 0)
            throw new SettingException(string.Join("; ", errors));

        builder.Services.AddOptions<PlaintextOptions>().BindConfiguration(PlaintextOptions.Section);
        builder.Services.AddTls();
        builder.Services.AddConnectionDrain();
        // Kestrel opens a logging scope for each connection and request. Nothing reads the scopes: a log line about a connection names the
        // connection.
        builder.Services.Configure<LoggerFilterOptions>(logging => logging.CaptureScopes = false);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(10));

        var urls = ListenerSetup.GetUrls(builder.Configuration);
        var keepAlive = builder.Configuration.Read<ConnectionOptions>(ConnectionOptions.Section);
        builder.UseTransport(endpoint => ListenerSetup.CreateListenSocket(endpoint, keepAlive), TimeSpan.FromSeconds(keepAlive.StallSeconds));
        builder.WebHost.ConfigureKestrel((context, kestrel) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.DisableServerMinResponseRate();
            kestrel.Limits.Http2.InitialStreamWindowSize = StreamWindowBytes;
            kestrel.Bind(urls, context.Configuration);
        });
    }

    // Selects the socket transport, and sets the maximum number of its connections.
    private static void UseTransport(this WebApplicationBuilder builder, Func<EndPoint, Socket> listen, TimeSpan drainTimeout)
    {
        var options = builder.Configuration.Read<TransportOptions>(TransportOptions.Section);
        var reserve = FileDescriptors.GetReserve(
            builder.Configuration.Read<FilesOptions>(FilesOptions.Section), builder.Configuration.Read<WebhookOptions>(WebhookOptions.Section));
        var maxConnections = FileDescriptors.GetMaxConnections(options.Connections, FileDescriptors.ReadLimit(), reserve);
        if (options.Kind == TransportKind.Kestrel)
        {
            builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = listen);
            builder.Services.AddLimitedKestrelTransport(maxConnections);
        }
        else
        {
            builder.Services.AddSocketTransport(new SocketTransportSettings { BindSocket = listen, DrainTimeout = drainTimeout, MaxConnections = maxConnections });
        }
    }
}
