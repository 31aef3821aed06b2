using System.Text;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace RawSocketChat.Server.Sessions.Jwt;

/// <summary>
/// Verifies the tokens of the operator's own site: the signature, the issuer, the audience and the lifetime. The keys decide which algorithms
/// a token may use (RFC 8725, section 3.1). Thread-safe.
/// </summary>
public sealed class JwtVerifier : IDisposable
{
    // Bounds the work for a token that anybody can send. A token with a few claims has less than 2,000 characters.
    private const int MaxTokenLength = 16 * 1024;

    private readonly JwtOptions _options;
    private readonly TimeProvider _time;
    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = MaxTokenLength };
    private readonly SymmetricSecurityKey? _key;
    private readonly JwksReader? _reader;
    private readonly JwksCache? _keys;

    public JwtVerifier(IOptions<JwtOptions> options, TimeProvider time, ILogger<JwtVerifier> logger)
    {
        (_options, _time) = (options.Value, time);
        if (!string.IsNullOrEmpty(_options.Key))
            _key = new SymmetricSecurityKey(Encoding.UTF8.GetBytes(_options.Key));
        if (string.IsNullOrEmpty(_options.Jwks))
            return;
        _reader = new JwksReader(_options.Jwks);
        _keys = new JwksCache(_reader.ReadAsync, time, logger);
    }

    /// <summary>Whether the settings have a key, so that the server accepts tokens.</summary>
    public bool IsEnabled => _options.IsEnabled;

    private string AcceptedAlgorithms =>
        string.Join(" or ", new[] { _key is null ? null : SecurityAlgorithms.HmacSha256, _keys is null ? null : $"{SecurityAlgorithms.RsaSha256} or {SecurityAlgorithms.EcdsaSha256}" }.OfType<string>());

    /// <summary>Verifies a token. An invalid token does not cause an exception.</summary>
    public async Task<JwtResult> VerifyAsync(string token)
    {
        if (token.Length > MaxTokenLength)
            return JwtResult.Reject($"it has more than {MaxTokenLength} characters");
        if (Parse(token) is not { } jwt)
            return JwtResult.Reject("it is not a signed JSON Web Token");
        // RFC 7515, section 4.1.11: a token with a critical header that the verifier does not know is invalid.
        if (jwt.TryGetHeaderValue<object>("crit", out _))
            return JwtResult.Reject("its header has critical fields, which this server does not know");

        var id = string.IsNullOrEmpty(jwt.Kid) ? null : jwt.Kid;
        var (keys, fault) = await FindKeysAsync(jwt.Alg, id);
        if (keys is null)
            return fault!;
        if (!await HasValidSignatureAsync(jwt, keys))
            return JwtResult.Reject("its signature is wrong");
        return CheckClaims(jwt) is { } reason ? JwtResult.Reject(reason) : CreateIdentity(jwt);
    }

    public void Dispose() => _reader?.Dispose();

    // Returns null if the text is not a signed token.
    private static JsonWebToken? Parse(string token)
    {
        try
        {
            var jwt = new JsonWebToken(token);
            return jwt.IsEncrypted ? null : jwt;
        }
#pragma warning disable CA1031 // the token comes from anybody, and no exception of the parser may close the connection
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    // A public key is never used as a secret of HS256, and no key accepts "none", because each algorithm has its own keys.
    private async ValueTask<(IReadOnlyList<SecurityKey>? Keys, JwtResult? Fault)> FindKeysAsync(string algorithm, string? id)
    {
        if (_key is not null && algorithm == SecurityAlgorithms.HmacSha256)
            return ([_key], null);
        if (_keys is null || algorithm is not (SecurityAlgorithms.RsaSha256 or SecurityAlgorithms.EcdsaSha256))
            return (null, JwtResult.Reject($"its algorithm must be {AcceptedAlgorithms}"));
        if (await _keys.GetAsync(id) is not { } known)
            return (null, JwtResult.Unavailable);
        var keys = known.Find(algorithm, id);
        return keys.Count > 0 ? (keys, null) : (null, JwtResult.Reject("the key that signed it is not known here"));
    }

    private async Task<bool> HasValidSignatureAsync(JsonWebToken jwt, IReadOnlyList<SecurityKey> keys)
    {
        // The library checks only the signature. CheckClaims checks the claims, because it uses the injected clock and names the fault.
        var parameters = new TokenValidationParameters
        {
            IssuerSigningKeys = keys,
            ValidAlgorithms = [jwt.Alg],
            TryAllIssuerSigningKeys = true,
            RequireSignedTokens = true,
            ValidateIssuer = false,
            ValidateAudience = false,
            ValidateLifetime = false,
        };
        return (await _handler.ValidateTokenAsync(jwt, parameters)).IsValid;
    }

    // Returns the error of the issuer, the audience or the lifetime; null if all are valid.
    private string? CheckClaims(JsonWebToken jwt)
    {
        var (now, skew) = (_time.GetUtcNow().UtcDateTime, TimeSpan.FromSeconds(_options.ClockSkewSeconds));
        if (!string.IsNullOrEmpty(_options.Issuer) && jwt.Issuer != _options.Issuer)
            return "its issuer (iss) is wrong";
        // RFC 7519, section 4.1.3: a server that is not in the audience must reject the token.
        if (string.IsNullOrEmpty(_options.Audience) ? jwt.Audiences.Any() : !jwt.Audiences.Contains(_options.Audience))
            return "it is for another audience (aud)";
        // The library returns the smallest date if the claim is absent.
        if (jwt.ValidTo == DateTime.MinValue)
            return "it has no expiry (exp)";
        if (now - skew >= jwt.ValidTo)
            return "it has expired";
        return jwt.ValidFrom != DateTime.MinValue && jwt.ValidFrom > now + skew ? "it is not valid yet (nbf)" : null;
    }

    private JwtResult CreateIdentity(JsonWebToken jwt)
    {
        if (!jwt.TryGetPayloadValue<string>(_options.SubjectClaim, out var subject) || !ExternalIdentity.IsSubject(subject))
            return JwtResult.Reject($"its claim \"{_options.SubjectClaim}\" must be a text of 1 to {ExternalIdentity.MaxSubjectLength} characters");
        if (!ExternalIdentity.IsIssuer(jwt.Issuer))
            return JwtResult.Reject("its issuer (iss) is wrong");
        return new JwtResult(new ExternalIdentity(jwt.Issuer, subject, jwt.TryGetPayloadValue<string>(_options.NameClaim, out var name) ? name ?? "" : ""), null);
    }
}

/// <summary>The result of verifying a token.</summary>
/// <param name="Identity">What the token says; null if the token was not accepted.</param>
/// <param name="Fault">Why the token was not accepted, as the end of a sentence; null if it was accepted, or if the keys cannot be read.</param>
public sealed record JwtResult(ExternalIdentity? Identity, string? Fault)
{
    /// <summary>The server could not read the keys yet, so it cannot verify the token now.</summary>
    public static readonly JwtResult Unavailable = new(null, null);

    public static JwtResult Reject(string fault) => new(null, fault);
}
