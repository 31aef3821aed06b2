using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace RawSocketChat.Server.Sockets;

public static class SocketsSetup
{
    /// <summary>Replaces Kestrel's own transport by <see cref="SocketTransport"/>.</summary>
    public static IServiceCollection AddSocketTransport(this IServiceCollection services, SocketTransportSettings settings)
    {
        services.RemoveAll<IConnectionListenerFactory>();
        services.AddSingleton(settings);
        services.AddSingleton<SocketTransport>();
        services.AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<SocketTransport>());
        return services;
    }

    /// <summary>Uses Kestrel's own transport, with a maximum number of open connections of all listeners.</summary>
    public static IServiceCollection AddLimitedKestrelTransport(this IServiceCollection services, int maxConnections)
    {
        services.RemoveAll<IConnectionListenerFactory>();
        services.AddSingleton<SocketTransportFactory>();
        services.AddSingleton<IConnectionListenerFactory>(provider => new LimitedListenerFactory(
            provider.GetRequiredService<SocketTransportFactory>(),
            new ConnectionLimit(maxConnections, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ConnectionLimit>>())));
        return services;
    }
}
