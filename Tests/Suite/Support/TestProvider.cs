using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace RawSocketChat.Tests.Support;

/// <summary>
/// A small OpenID Connect provider. Its user is always logged in at the provider, so the provider sends the browser back immediately. A test can
/// change the answers of the provider.
/// </summary>
public sealed class TestProvider : IAsyncDisposable
{
    public const string ClientId = "chat";
    public const string ClientSecret = "the secret of the client";

    private readonly ConcurrentDictionary<string, (string Nonce, string Challenge, string RedirectUri)> _codes = [];
    private readonly WebApplication _app;
    private RSA _key = RSA.Create(2048);
    private int _keyNumber = 1;

    private TestProvider(WebApplication app) => _app = app;

    /// <summary>The address and issuer of the provider.</summary>
    public string Issuer { get; private set; } = "";

    public string Subject { get; set; } = "42";

    public string? Name { get; set; } = "Ann Smith";

    /// <summary>Whether the name is only in the user info, and not in the id token.</summary>
    public bool NameIsInUserInfo { get; set; }

    /// <summary>Whether the server must send its secret in the header Authorization.</summary>
    public bool TakesBasicOnly { get; set; }

    /// <summary>The error that the provider sends back instead of a code.</summary>
    public string? Error { get; set; }

    /// <summary>Whether the provider answers discovery requests with an error.</summary>
    public bool IsDown { get; set; }

    /// <summary>Whether the provider accepts discovery requests and does not answer them.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Changes the claims of the id token before they are signed.</summary>
    public Action<Dictionary<string, object>> Change { get; set; } = _ => { };

    /// <summary>Changes the signed id token.</summary>
    public Func<string, string> Tamper { get; set; } = token => token;

    /// <summary>The requests of browsers to the authorization endpoint.</summary>
    public ConcurrentQueue<IQueryCollection> Requests { get; } = [];

    public int DiscoveryCount { get; private set; }

    /// <summary>The settings of a server that uses this provider.</summary>
    public string[] Settings => ["--Auth:Oidc:Authority", Issuer, "--Auth:Oidc:ClientId", ClientId, "--Auth:Oidc:ClientSecret", ClientSecret, "--Auth:Oidc:DisplayName", "Log in with Example"];

    public static async Task<TestProvider> StartAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Services.AddLogging(logging => logging.ClearProviders());
        var app = builder.Build();
        var provider = new TestProvider(app);
        app.MapGet("/.well-known/openid-configuration", (Delegate)provider.DiscoverAsync);
        app.MapGet("/keys", provider.GetKeys);
        app.MapGet("/authorize", provider.Authorize);
        app.MapPost("/token", provider.RedeemAsync);
        app.MapGet("/userinfo", () => Results.Json(new Dictionary<string, object?> { ["sub"] = provider.Subject, ["name"] = provider.Name }));
        app.Urls.Add("http://127.0.0.1:0");
        await app.StartAsync();
        provider.Issuer = app.Urls.Single();
        return provider;
    }

    /// <summary>Replaces the key that signs the id tokens.</summary>
    public void RotateKey() => (_key, _keyNumber) = (RSA.Create(2048), _keyNumber + 1);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _key.Dispose();
    }

    private async Task<IResult> DiscoverAsync(HttpContext context)
    {
        DiscoveryCount++;
        if (IsSilent)
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        return IsDown ? Results.StatusCode(503) : Results.Json(new Dictionary<string, object>
        {
            ["issuer"] = Issuer,
            ["authorization_endpoint"] = $"{Issuer}/authorize",
            ["token_endpoint"] = $"{Issuer}/token",
            ["userinfo_endpoint"] = $"{Issuer}/userinfo",
            ["jwks_uri"] = $"{Issuer}/keys",
            ["response_types_supported"] = new[] { "code" },
        });
    }

    private IResult GetKeys()
    {
        var key = _key.ExportParameters(includePrivateParameters: false);
        return Results.Json(new { keys = new[] { new { kty = "RSA", use = "sig", alg = "RS256", kid = $"key-{_keyNumber}", n = Base64UrlEncoder.Encode(key.Modulus), e = Base64UrlEncoder.Encode(key.Exponent) } } });
    }

    private IResult Authorize(HttpRequest request)
    {
        Requests.Enqueue(request.Query);
        var (redirect, state) = (request.Query["redirect_uri"].ToString(), request.Query["state"].ToString());
        if (Error is not null)
            return Results.Redirect(QueryHelpers.AddQueryString(redirect, new Dictionary<string, string?> { ["error"] = Error, ["error_description"] = "as the test wants", ["state"] = state }));
        var code = Guid.NewGuid().ToString("N");
        _codes[code] = (request.Query["nonce"].ToString(), request.Query["code_challenge"].ToString(), redirect);
        return Results.Redirect(QueryHelpers.AddQueryString(redirect, new Dictionary<string, string?> { ["code"] = code, ["state"] = state }));
    }

    private async Task<IResult> RedeemAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        var challenge = Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
        var basic = $"Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes($"{ClientId}:{ClientSecret.Replace(' ', '+')}"))}";
        var isKnown = TakesBasicOnly ? request.Headers.Authorization == basic && !form.ContainsKey("client_secret") : form["client_secret"] == ClientSecret;
        if (form["client_id"] != ClientId || !isKnown)
            return Results.Json(new { error = "invalid_client", error_description = "wrong secret" }, statusCode: 401);
        if (!_codes.TryRemove(form["code"].ToString(), out var asked) || asked.Challenge != challenge || asked.RedirectUri != form["redirect_uri"])
            return Results.Json(new { error = "invalid_grant" }, statusCode: 400);
        return Results.Json(new { access_token = "an access token", token_type = "Bearer", expires_in = 300, id_token = Tamper(CreateIdToken(asked.Nonce)) });
    }

    private string CreateIdToken(string nonce)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = new Dictionary<string, object> { ["iss"] = Issuer, ["aud"] = ClientId, ["sub"] = Subject, ["nonce"] = nonce, ["iat"] = now, ["exp"] = now + 300 };
        if (Name is not null && !NameIsInUserInfo)
            claims["name"] = Name;
        Change(claims);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Claims = claims,
            SigningCredentials = new SigningCredentials(new RsaSecurityKey(_key) { KeyId = $"key-{_keyNumber}" }, SecurityAlgorithms.RsaSha256),
        });
    }
}
