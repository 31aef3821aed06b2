using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage.Memory;
using RawSocketChat.Server.Storage.Sqlite;

namespace RawSocketChat.Server.Storage;

public static class StorageSetup
{
    public static IServiceCollection AddStorage(this IServiceCollection services)
    {
        services.AddOptions<DataOptions>().BindConfiguration(DataOptions.Section);
        services.AddSingleton<SqliteStorage>();
        services.AddEither<IRoomLog, SqliteRoomLog, MemoryRoomLog>();
        services.AddEither<IRoomCatalog, SqliteRoomCatalog, MemoryRoomCatalog>();
        services.AddEither<IIdentityStore, SqliteIdentityStore, MemoryIdentityStore>();
        services.AddHostedService<Retention>();
        return services;
    }

    // The database is opened only where something is kept in it.
    private static void AddEither<TService, TSqlite, TMemory>(this IServiceCollection services)
        where TService : class
        where TSqlite : TService
        where TMemory : TService =>
        services.AddSingleton<TService>(provider =>
            provider.GetRequiredService<IOptions<DataOptions>>().Value.Durability == Durability.None
                ? ActivatorUtilities.CreateInstance<TMemory>(provider)
                : ActivatorUtilities.CreateInstance<TSqlite>(provider));
}
