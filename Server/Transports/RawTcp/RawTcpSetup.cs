namespace RawSocketChat.Server.Transports.RawTcp;

public static class RawTcpSetup
{
    /// <summary>Adds the settings and the endpoint of the raw TCP port.</summary>
    public static IServiceCollection AddRawTcp(this IServiceCollection services, Func<IServiceProvider, RawTcpEndpoint> endpoint)
    {
        services.AddOptions<RawTcpOptions>().BindConfiguration(RawTcpOptions.Section);
        services.AddSingleton(endpoint);
        return services;
    }
}
