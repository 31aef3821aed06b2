using System.Globalization;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Hosting;

public static class HostingSetup
{
    /// <summary>Settings come from appsettings.json, then the environment (<c>RSC_</c>), then the command line; the last one counts.</summary>
    public static void AddSettings(this WebApplicationBuilder builder, string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        builder.Configuration.AddEnvironmentVariables("RSC_");
        builder.Configuration.AddCommandLine(args);
        SettingsCheck.Run(builder.Configuration);

        builder.Services.AddOptions<PlaintextOptions>().BindConfiguration(PlaintextOptions.Section);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(10));

        var urls = Listening.UrlsOf(builder.Configuration);
        var keepAlive = builder.Configuration.GetSection(ConnectionOptions.Section).Get<ConnectionOptions>() ?? new();
        builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = endpoint => Listening.WithKeepAlive(endpoint, keepAlive.TcpKeepAliveSeconds));
        builder.WebHost.ConfigureKestrel((context, kestrel) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Bind(urls, context.Configuration);
        });
    }
}
