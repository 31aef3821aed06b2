using System.ComponentModel.DataAnnotations;
using System.Text;

namespace RawSocketChat.Server.Sessions.Jwt;

/// <summary>
/// The JSON Web Tokens (RFC 7519) with which the operator's own site logs its users in. Without <see cref="Key"/> and <see cref="Jwks"/>,
/// the server accepts no tokens. Section <c>Auth:Jwt</c>.
/// </summary>
public sealed class JwtOptions
{
    public const string Section = "Auth:Jwt";

    // RFC 7518, section 3.2: a key of HS256 has at least 256 bits.
    private const int MinKeyBytes = 32;

    /// <summary>
    /// The secret that the site and this server share, as text: its UTF-8 bytes are the key. The site signs its tokens with HS256. At least
    /// 32 bytes. Default: none.
    /// </summary>
    public string? Key { get; set; }

    /// <summary>
    /// The public keys of the site as a JSON Web Key Set (RFC 7517): the path of a file, or an <c>https</c> address. The site signs its tokens
    /// with RS256 or ES256. Default: none.
    /// </summary>
    public string? Jwks { get; set; }

    /// <summary>
    /// The claim <c>iss</c> that each token must have. Default: none. Without this setting, the server accepts every issuer that has the right key.
    /// </summary>
    public string? Issuer { get; set; }

    /// <summary>
    /// The audience that each token must name in its claim <c>aud</c>. Default: none. Without this setting, the server rejects tokens that
    /// have an audience.
    /// </summary>
    public string? Audience { get; set; }

    /// <summary>Seconds by which the clocks of the site and of this server may differ. Default 60.</summary>
    [Range(0, 600)]
    public int ClockSkewSeconds { get; set; } = 60;

    /// <summary>The claim with the id of the user at the site. The id must never change. Default <c>sub</c>.</summary>
    public string SubjectClaim { get; set; } = "sub";

    /// <summary>The claim with the name of the user. Default <c>name</c>.</summary>
    public string NameClaim { get; set; } = "name";

    internal bool IsEnabled => !string.IsNullOrEmpty(Key) || !string.IsNullOrEmpty(Jwks);

    /// <summary>Finds settings that are invalid or do not fit together. Reads the file of <see cref="Jwks"/>.</summary>
    /// <returns>A line for each error, which names the setting. No line contains the key.</returns>
    internal IEnumerable<string> FindErrors()
    {
        // An empty key is an error too, because it is usually a mistake of a deployment script. The server must not silently start without
        // single sign-on.
        if (Key is not null && Encoding.UTF8.GetByteCount(Key) is < MinKeyBytes and var bytes)
            yield return $"--{Section}:{nameof(Key)}: the key has {bytes} bytes, but HS256 needs at least {MinKeyBytes} random bytes; create one with: openssl rand -base64 48";
        if (Jwks is not null && JwksReader.FindError(Jwks) is { } error)
            yield return $"--{Section}:{nameof(Jwks)}: {error}";
        if (Key is null && Jwks is null && (Issuer ?? Audience) is not null)
            yield return $"--{Section}:{(Issuer is null ? nameof(Audience) : nameof(Issuer))}: no key is set; set --{Section}:{nameof(Key)} or --{Section}:{nameof(Jwks)}";
        if (string.IsNullOrWhiteSpace(SubjectClaim))
            yield return $"--{Section}:{nameof(SubjectClaim)}: the value is empty; try: --{Section}:{nameof(SubjectClaim)} sub";
        if (string.IsNullOrWhiteSpace(NameClaim))
            yield return $"--{Section}:{nameof(NameClaim)}: the value is empty; try: --{Section}:{nameof(NameClaim)} name";
    }
}
