using System.ComponentModel.DataAnnotations;
using System.Net;

namespace RawSocketChat.Server.Sessions;

/// <summary>How the server sends its secret to the provider (OpenID Connect Core 1.0, section 9).</summary>
public enum ClientAuthentication
{
    /// <summary>In the body of the request: <c>client_secret_post</c>.</summary>
    Post,

    /// <summary>In the header <c>Authorization</c>: <c>client_secret_basic</c>.</summary>
    Basic,
}

/// <summary>
/// The OpenID Connect provider with which people log in on the page. Without <see cref="Authority"/>, the page offers no such login. Section
/// <c>Auth:Oidc</c>.
/// </summary>
public sealed class OidcOptions
{
    public const string Section = "Auth:Oidc";

    // OpenID Connect Core 1.0, section 3.1.2.1: without this scope the request is not a request of OpenID Connect.
    private const string RequiredScope = "openid";

    private const int MaxDisplayName = 60;

    /// <summary>
    /// The issuer of the provider, such as <c>https://login.example.org/realms/staff</c>. The server reads the provider's addresses and keys from
    /// <c>/.well-known/openid-configuration</c> below it. Default: none.
    /// </summary>
    public string? Authority { get; set; }

    /// <summary>The id of this server at the provider. Default: none.</summary>
    public string? ClientId { get; set; }

    /// <summary>The secret of this server at the provider. Default: none, if the provider has registered this server as a public client.</summary>
    public string? ClientSecret { get; set; }

    /// <summary>How the server sends its secret: <c>post</c> or <c>basic</c>, as the provider expects it. Default <c>post</c>.</summary>
    public ClientAuthentication ClientAuthentication { get; set; } = ClientAuthentication.Post;

    /// <summary>The scopes that the server asks for, separated by spaces. Default <c>openid profile</c>.</summary>
    public string Scopes { get; set; } = "openid profile";

    /// <summary>The claim of the id token with the id of the user. The id must never change. Default <c>sub</c>.</summary>
    public string SubjectClaim { get; set; } = "sub";

    /// <summary>
    /// The claim with the name of the user. If the user has no such claim, the server uses <c>preferred_username</c>, or else <c>nickname</c>. Default
    /// <c>name</c>.
    /// </summary>
    public string NameClaim { get; set; } = "name";

    /// <summary>The text of the button that begins the login. At most 60 characters. Default <c>Log in with single sign-on</c>.</summary>
    public string DisplayName { get; set; } = "Log in with single sign-on";

    /// <summary>
    /// Conditions that a user must satisfy, each as <c>claim=value</c>, such as <c>groups=chat</c>. If several conditions name the
    /// same claim, the user needs one of their values. Default: none. Then each user of the provider may log in.
    /// </summary>
    [RegularExpression("[^=]+=.+", ErrorMessage = "is not a condition; try: groups=chat")]
    public IList<string> Require { get; } = [];

    /// <summary>
    /// What the provider asks the user: <c>login</c> for the password, <c>select_account</c> for the account, <c>consent</c> for the permission.
    /// Default: none. Then the provider decides.
    /// </summary>
    public string? Prompt { get; set; }

    /// <summary>Seconds by which the clocks of the provider and of this server may differ. Default 60.</summary>
    [Range(0, 600)]
    public int ClockSkewSeconds { get; set; } = 60;

    /// <summary>
    /// The scheme and host of this server as browsers use them, such as <c>https://chat.example.org</c>. The provider sends the user back to this
    /// address. Default: none. Without this setting, the server uses the address of the request, as the headers of trusted proxies give it.
    /// </summary>
    public string? PublicOrigin { get; set; }

    internal bool IsEnabled => !string.IsNullOrEmpty(Authority);

    /// <summary>Finds settings that are invalid or do not fit together.</summary>
    /// <returns>A line for each error, which names the setting. No line contains the secret.</returns>
    internal IEnumerable<string> FindErrors()
    {
        if (Authority is null)
        {
            foreach (var (name, _) in new[] { (nameof(ClientId), ClientId), (nameof(ClientSecret), ClientSecret), (nameof(PublicOrigin), PublicOrigin) }.Where(one => one.Item2 is not null))
                yield return $"--{Section}:{name}: no provider is set; set --{Section}:{nameof(Authority)} https://login.example.org";
            yield break;
        }

        if (FindAuthorityError(Authority) is { } error)
            yield return $"--{Section}:{nameof(Authority)}: {error}";
        if (string.IsNullOrWhiteSpace(ClientId))
            yield return $"--{Section}:{nameof(ClientId)}: the value is missing; set the id that the provider has given to this server";
        // A secret that is set to an empty text is an error, because it is usually a mistake of a deployment script.
        if (ClientSecret is not null && string.IsNullOrWhiteSpace(ClientSecret))
            yield return $"--{Section}:{nameof(ClientSecret)}: the value is empty; set the secret, or remove the setting if the provider has given none";
        if (!Scopes.Split(' ').Contains(RequiredScope))
            yield return $"--{Section}:{nameof(Scopes)}: the scope {RequiredScope} is missing; try: --{Section}:{nameof(Scopes)} \"openid profile\"";
        if (string.IsNullOrWhiteSpace(SubjectClaim))
            yield return $"--{Section}:{nameof(SubjectClaim)}: the value is empty; try: --{Section}:{nameof(SubjectClaim)} sub";
        if (string.IsNullOrWhiteSpace(NameClaim))
            yield return $"--{Section}:{nameof(NameClaim)}: the value is empty; try: --{Section}:{nameof(NameClaim)} name";
        if (string.IsNullOrWhiteSpace(DisplayName) || DisplayName.Length > MaxDisplayName || DisplayName.Any(char.IsControl))
            yield return $"--{Section}:{nameof(DisplayName)}: the text must have 1 to {MaxDisplayName} characters, and no control characters";
        if (PublicOrigin is not null && FindOriginError(PublicOrigin) is { } originError)
            yield return $"--{Section}:{nameof(PublicOrigin)}: {originError}";
    }

    private static string? FindAuthorityError(string authority) =>
        !Uri.TryCreate(authority, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.Query.Length > 0 || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0
            ? $"\"{authority}\" is not the address of a provider; try: https://login.example.org"
        : uri.Scheme != Uri.UriSchemeHttps && !uri.IsLoopback ? "over http, anybody on the network path could log in as somebody else; set an https address"
        : null;

    private static string? FindOriginError(string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" && uri.GetLeftPart(UriPartial.Authority).Equals(origin, StringComparison.OrdinalIgnoreCase)
            ? null
            : $"\"{origin}\" is not a scheme and a host; try: https://chat.example.org";
}
