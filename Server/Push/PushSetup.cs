using Microsoft.Extensions.DependencyInjection.Extensions;
using RawSocketChat.Server.Outgoing;

namespace RawSocketChat.Server.Push;

public static class PushSetup
{
    public static IServiceCollection AddPush(this IServiceCollection services)
    {
        services.AddOptions<PushOptions>().BindConfiguration(PushOptions.Section);
        services.TryAddSingleton<INameResolver, SystemNameResolver>();
        services.AddSingleton<PushConnector>();
        services.AddSingleton<PushDelivery>();
        services.AddHostedService(provider => provider.GetRequiredService<PushDelivery>());
        services.AddSingleton<PushEndpoint>();
        return services;
    }

    /// <summary>Accepts the subscriptions of browsers at <paramref name="path"/>.</summary>
    public static IApplicationBuilder MapPush(this IApplicationBuilder app, string path)
    {
        var endpoint = app.ApplicationServices.GetRequiredService<PushEndpoint>();
        return app.Use(next => context => context.Request.Path == path ? endpoint.InvokeAsync(context) : next(context));
    }
}
