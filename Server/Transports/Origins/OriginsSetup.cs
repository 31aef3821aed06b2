namespace RawSocketChat.Server.Transports.Origins;

public static class OriginsSetup
{
    /// <summary>Adds the policy that decides which pages may connect.</summary>
    public static IServiceCollection AddOrigins(this IServiceCollection services)
    {
        services.AddOptions<OriginOptions>().BindConfiguration(OriginOptions.Section);
        services.AddSingleton<OriginPolicy>();
        return services;
    }
}
