using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions.Jwt;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

public static class SessionsSetup
{
    // OWASP's recommendation for PBKDF2 with HMAC-SHA-512, the algorithm of the hasher. If a stored hash has fewer iterations, the next
    // successful login hashes the password again.
    private const int HashIterations = 210_000;

    public static IServiceCollection AddSessions(this IServiceCollection services)
    {
        services.AddOptions<SessionOptions>().BindConfiguration(SessionOptions.Section);
        services.AddOptions<AuthOptions>().BindConfiguration(AuthOptions.Section);
        services.AddOptions<JwtOptions>().BindConfiguration(JwtOptions.Section);
        services.AddOptions<OidcOptions>().BindConfiguration(OidcOptions.Section);
        services.AddOptions<LimitsOptions>().BindConfiguration(LimitsOptions.Section);
        services.AddOptions<AddressOptions>().Configure<IOptions<LimitsOptions>>((addresses, limits) => addresses.IsEnabled = limits.Value.Enabled);
        services.Configure<PasswordHasherOptions>(options => options.IterationCount = HashIterations);
        services.AddSingleton<IPasswordHasher<StoredAccount>, PasswordHasher<StoredAccount>>();
        services.AddSingleton<PasswordHashingPool>();
        services.AddSingleton<AttemptLimits>();
        services.AddSingleton<SessionStore>();
        services.AddSingleton<ISessionTokens>(provider => provider.GetRequiredService<SessionStore>());
        services.AddSingleton<Accounts>();
        services.AddSingleton<JwtVerifier>();
        services.AddSingleton<ExternalAccounts>();
        services.AddHostedService<SessionMaintenance>();
        return services;
    }
}
