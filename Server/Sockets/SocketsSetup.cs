using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace RawSocketChat.Server.Sockets;

public static class SocketsSetup
{
    /// <summary>Puts this transport under Kestrel, in the place of its own.</summary>
    public static IServiceCollection AddSocketTransport(this IServiceCollection services, SocketTransportSettings settings)
    {
        services.RemoveAll<IConnectionListenerFactory>();
        services.AddSingleton(settings);
        services.AddSingleton<SocketTransport>();
        services.AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<SocketTransport>());
        return services;
    }
}
