using Microsoft.Extensions.DependencyInjection.Extensions;
using RawSocketChat.Server.Outgoing;
using RawSocketChat.Server.Rooms;

namespace RawSocketChat.Server.Webhooks;

public static class WebhooksSetup
{
    public static IServiceCollection AddWebhooks(this IServiceCollection services)
    {
        services.AddOptions<WebhookOptions>().BindConfiguration(WebhookOptions.Section);
        services.TryAddSingleton<INameResolver, SystemNameResolver>();
        services.AddSingleton<WebhookConnector>();
        services.AddSingleton<WebhookClient>();
        services.AddSingleton<WebhookWorker>();
        services.AddSingleton<WebhookDelivery>();
        services.AddSingleton<IWebhookDelivery>(provider => provider.GetRequiredService<WebhookDelivery>());
        services.AddHostedService(provider => provider.GetRequiredService<WebhookDelivery>());
        return services;
    }
}
