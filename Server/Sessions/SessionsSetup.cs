using Microsoft.AspNetCore.Identity;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

public static class SessionsSetup
{
    // What OWASP asks of PBKDF2 with HMAC-SHA-512, which is what the hasher uses. A password that was hashed by fewer is
    // hashed anew at the next login.
    private const int HashRounds = 210_000;

    public static IServiceCollection AddSessions(this IServiceCollection services)
    {
        services.AddOptions<SessionOptions>().BindConfiguration(SessionOptions.Section);
        services.AddOptions<LimitsOptions>().BindConfiguration(LimitsOptions.Section);
        services.Configure<PasswordHasherOptions>(options => options.IterationCount = HashRounds);
        services.AddSingleton<IPasswordHasher<StoredAccount>, PasswordHasher<StoredAccount>>();
        services.AddSingleton<Passwords>();
        services.AddSingleton<AttemptLimits>();
        services.AddSingleton<SessionStore>();
        services.AddSingleton<ISessionTokens>(provider => provider.GetRequiredService<SessionStore>());
        services.AddSingleton<Accounts>();
        services.AddHostedService<SessionUpkeep>();
        return services;
    }
}
