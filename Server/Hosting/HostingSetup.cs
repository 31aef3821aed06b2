using System.Globalization;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Hosting;

public static class HostingSetup
{
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
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(10));

        var urls = Listening.UrlsOf(builder.Configuration);
        var keepAlive = builder.Configuration.GetSection(ConnectionOptions.Section).Get<ConnectionOptions>() ?? new();
        builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = endpoint => Listening.WithKeepAlive(endpoint, keepAlive));
        builder.WebHost.ConfigureKestrel((context, kestrel) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Bind(urls, context.Configuration);
        });
    }
}
