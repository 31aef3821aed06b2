namespace RawSocketChat.Server.Transports.Origins;

public static class OriginsSetup
{
    public static IServiceCollection AddOrigins(this IServiceCollection services)
    {
        services.AddOptions<OriginOptions>().BindConfiguration(OriginOptions.Section);
        services.AddSingleton<OriginPolicy>();
        return services;
    }
}
