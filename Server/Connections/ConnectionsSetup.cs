namespace RawSocketChat.Server.Connections;

public static class ConnectionsSetup
{
    public static IServiceCollection AddConnectionRegistry(this IServiceCollection services)
    {
        services.AddOptions<ConnectionOptions>().BindConfiguration(ConnectionOptions.Section);
        services.AddOptions<AddressOptions>().BindConfiguration(AddressOptions.Section);
        services.AddSingleton<AddressAccounts>();
        services.AddSingleton<ConnectionRegistry>();
        services.AddMetrics();
        services.AddSingleton<ServerMetrics>();
        services.AddHostedService<ConnectionWatch>();
        return services;
    }
}
