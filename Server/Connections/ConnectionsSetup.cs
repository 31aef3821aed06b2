namespace RawSocketChat.Server.Connections;

public static class ConnectionsSetup
{
    public static IServiceCollection AddConnectionRegistry(this IServiceCollection services)
    {
        services.AddOptions<ConnectionOptions>().BindConfiguration(ConnectionOptions.Section);
        services.AddSingleton<ConnectionRegistry>();
        services.AddHostedService<ConnectionWatch>();
        return services;
    }
}
