namespace RawSocketChat.Server.Rooms;

public static class RoomsSetup
{
    public static IServiceCollection AddRooms(this IServiceCollection services)
    {
        services.AddOptions<RoomOptions>().BindConfiguration(RoomOptions.Section);
        services.AddOptions<OperatorOptions>().BindConfiguration(OperatorOptions.Section);
        services.AddOptions<FanoutOptions>().BindConfiguration(FanoutOptions.Section);
        services.AddSingleton<UserRoomIndex>();
        services.AddSingleton<HistoryCache>();
        services.AddSingleton<TailBudget>();
        services.AddSingleton<RoomDirectory>();
        services.AddSingleton<Memberships>();
        services.AddHostedService(provider => provider.GetRequiredService<RoomDirectory>());
        services.AddHostedService<RoomMaintenance>();
        services.AddHostedService<NodeNotices>();
        services.AddSingleton<ChatServices>();
        services.AddSingleton<ProgramRequests>();
        services.AddSingleton<ProviderLogins>();
        return services;
    }
}
