using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Server.SingleSignOn;

/// <summary>Adds the login with an OpenID Connect provider to the services and the request pipeline.</summary>
public static class SingleSignOnSetup
{
    // The timeout is short, because a person waits for the answer.
    private static readonly TimeSpan ProviderTimeout = TimeSpan.FromSeconds(10);

    // If the host name of the provider gets another IP address, the server notices this within this time.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    public static IServiceCollection AddSingleSignOn(this IServiceCollection services)
    {
        services.AddSingleton<LoginEvents>();
        services.AddSingleton<LoginEndpoint>();
        // These keys protect the state of a login, which takes a few minutes. So the server may lose the keys when it stops, and needs no file for them.
        services.AddSingleton<IPostConfigureOptions<OpenIdConnectOptions>>(_ => new OpenIdConnectPostConfigureOptions(new EphemeralDataProtectionProvider()));
        services.AddOptions<OpenIdConnectOptions>(LoginEndpoint.Scheme).Configure<IOptions<OidcOptions>, LoginEvents, TimeProvider>(Configure);
        return services;
    }

    /// <summary>
    /// Maps the address that begins a login, and the address to which the provider sends the person back. If no provider is configured, maps
    /// nothing.
    /// </summary>
    /// <param name="app">The request pipeline.</param>
    /// <param name="start">The path of the first address. The path of the second address is below it.</param>
    public static IApplicationBuilder MapLogin(this IApplicationBuilder app, string start)
    {
        if (!app.ApplicationServices.GetRequiredService<IOptions<OidcOptions>>().Value.IsEnabled)
            return app;
        var endpoint = app.ApplicationServices.GetRequiredService<LoginEndpoint>();
        return app.Use(next => context =>
            context.Request.Path == start ? endpoint.StartAsync(context)
            : context.Request.Path == LoginEndpoint.CallbackPath ? endpoint.CompleteAsync(context)
            : next(context));
    }

    private static void Configure(OpenIdConnectOptions handler, IOptions<OidcOptions> options, LoginEvents events, TimeProvider time)
    {
        var settings = options.Value;
        handler.Authority = settings.Authority;
        handler.ClientId = settings.ClientId;
        handler.ClientSecret = settings.ClientSecret;
        handler.Prompt = settings.Prompt;
        handler.RequireHttpsMetadata = settings.Authority?.StartsWith("https:", StringComparison.OrdinalIgnoreCase) != false;
        handler.CallbackPath = LoginEndpoint.CallbackPath;
        handler.RemoteSignOutPath = handler.SignedOutCallbackPath = default;
        handler.Scope.Clear();
        foreach (var scope in settings.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            handler.Scope.Add(scope);

        // With the answer in the query, the browser comes back by a GET, and sends cookies that are SameSite=Lax. A POST would need cookies with
        // SameSite=None, which browsers accept only over TLS.
        handler.ResponseType = OpenIdConnectResponseType.Code;
        handler.ResponseMode = OpenIdConnectResponseMode.Query;
        (handler.CorrelationCookie.Name, handler.NonceCookie.Name) = ("rsc_login_", "rsc_nonce_");
        handler.CorrelationCookie.SameSite = handler.NonceCookie.SameSite = SameSiteMode.Lax;

        // Many providers put the name only into the user info, as OpenID Connect Core 1.0, section 5.4, says.
        handler.GetClaimsFromUserInfoEndpoint = true;
        handler.MapInboundClaims = false;
        foreach (var claim in LoginEvents.FindNameClaims(settings))
            handler.ClaimActions.MapUniqueJsonKey(claim, claim);
        foreach (var claim in settings.Require.Select(condition => condition.Split('=', 2)[0]).Distinct())
            handler.ClaimActions.MapJsonKey(claim, claim);

        handler.TokenValidationParameters.ClockSkew = TimeSpan.FromSeconds(settings.ClockSkewSeconds);
        handler.DisableTelemetry = true;
        handler.TimeProvider = time;
        handler.Events = events;
        handler.BackchannelTimeout = ProviderTimeout;
        // A redirect could lead to an address that the operator does not trust.
        var sockets = new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = ConnectionLifetime };
        handler.BackchannelHttpHandler = settings.ClientAuthentication == ClientAuthentication.Basic ? new BasicAuthentication(sockets) : sockets;
    }
}
