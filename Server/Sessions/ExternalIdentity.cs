namespace RawSocketChat.Server.Sessions;

/// <summary>What the operator's own site, or an identity provider, says about a user.</summary>
/// <param name="Issuer">The site or the provider; empty if the site does not name itself.</param>
/// <param name="Subject">The id of the user at the site or the provider.</param>
/// <param name="Name">The name that the issuer gives to the user; empty if there is none. The chat may have to change it to a valid name.</param>
public sealed record ExternalIdentity(string Issuer, string Subject, string Name)
{
    /// <summary>The maximum number of characters of a subject (OpenID Connect Core 1.0, section 2).</summary>
    public const int MaxSubjectLength = 255;

    private const int MaxIssuerLength = 1000;

    // A text with a lone surrogate is not accepted: the storage would replace the surrogate with another character, and two different
    // subjects could have one account.

    /// <summary>Whether a text can be a subject.</summary>
    public static bool IsSubject(string? text) => text is { Length: > 0 and <= MaxSubjectLength } && NameRule.IsWellFormed(text);

    /// <summary>Whether a text can be an issuer.</summary>
    public static bool IsIssuer(string? text) => text is { Length: <= MaxIssuerLength } && NameRule.IsWellFormed(text);
}
