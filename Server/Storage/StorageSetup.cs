using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Server.Storage;

public static class StorageSetup
{
    public static IServiceCollection AddStorage(this IServiceCollection services)
    {
        services.AddOptions<DataOptions>().BindConfiguration(DataOptions.Section);
        services.AddSingleton<IRoomLog, MemoryRoomLog>();
        services.AddSingleton<IIdentityStore, MemoryIdentityStore>();
        return services;
    }
}
