using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage.Memory;
using RawSocketChat.Server.Storage.Postgres;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Server.Storage.Sqlite;

namespace RawSocketChat.Server.Storage;

public static class StorageSetup
{
    public static IServiceCollection AddStorage(this IServiceCollection services)
    {
        services.AddOptions<DataOptions>().BindConfiguration(DataOptions.Section);
        services.AddOptions<FilesOptions>().BindConfiguration(FilesOptions.Section);
        services.AddSingleton<SqlStorage>(provider =>
            provider.GetRequiredService<IOptions<DataOptions>>().Value.Postgres is null
                ? ActivatorUtilities.CreateInstance<SqliteStorage>(provider)
                : ActivatorUtilities.CreateInstance<PostgresStorage>(provider));
        services.AddSingleton(provider =>
            provider.GetRequiredService<IOptions<DataOptions>>().Value is { Postgres: not null, Nodes: true, Durability: not Durability.None }
                ? ((PostgresStorage)provider.GetRequiredService<SqlStorage>()).Nodes
                : SingleNode.Instance);
        services.AddSingleton<MemoryRoomLog>();
        services.AddSingleton(provider => provider.GetRequiredService<MemoryRoomLog>().Files);
        services.AddSingleton<MemoryTokenStore>();
        services.AddSingleton<MemoryWebhookStore>();
        services.AddSingleton<MemoryPushStore>();
        services.AddSingleton<MemoryIdentityStore>();
        services.AddStore<IRoomLog, SqlRoomLog, MemoryRoomLog>();
        services.AddStore<IMessageSearch, SqlMessageSearch, MemoryMessageSearch>();
        services.AddStore<IRoomCatalog, SqlRoomCatalog, MemoryRoomCatalog>();
        services.AddStore<IIdentityStore, SqlIdentityStore, MemoryIdentityStore>();
        services.AddStore<ITokenStore, SqlTokenStore, MemoryTokenStore>();
        services.AddStore<IFileStore, SqlFileStore, MemoryFileStore>();
        services.AddStore<IWebhookStore, SqlWebhookStore, MemoryWebhookStore>();
        services.AddSingleton<ClockGuard>();
        services.AddStore<IPushStore, SqlPushStore, MemoryPushStore>();
        services.AddSingleton<StorageProbe>();
        services.AddHostedService<Retention>();
        services.AddHostedService<SearchIndexer>();
        return services;
    }

    /// <summary>Finds settings that cannot be used together.</summary>
    internal static IEnumerable<string> FindErrors(DataOptions options, FilesOptions files) => PostgresSettings.FindErrors(options, files);

    // The factory creates only the store that is used. So the database is not opened if the data is in memory only.
    private static void AddStore<TService, TSql, TMemory>(this IServiceCollection services)
        where TService : class
        where TSql : TService
        where TMemory : TService =>
        services.AddSingleton<TService>(provider =>
            provider.GetRequiredService<IOptions<DataOptions>>().Value.Durability == Durability.None
                ? ActivatorUtilities.GetServiceOrCreateInstance<TMemory>(provider)
                : ActivatorUtilities.CreateInstance<TSql>(provider));
}
