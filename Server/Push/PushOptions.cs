using System.ComponentModel.DataAnnotations;
using System.Net;

namespace RawSocketChat.Server.Push;

/// <summary>Push messages to browsers whose page is closed (RFC 8030). Section <c>Push</c>.</summary>
public sealed class PushOptions
{
    public const string Section = "Push";

    /// <summary>
    /// How the push services can reach the operator: a <c>mailto:</c> or an <c>https:</c> address (RFC 8292, section 2.1). Default: none.
    /// </summary>
    public string? Subject { get; set; }

    /// <summary>The public key of this server, from the command <c>push-keys</c>. Without keys, the server sends no push messages. Default: none.</summary>
    public string? PublicKey { get; set; }

    /// <summary>The private key of this server, from the command <c>push-keys</c>. Default: none.</summary>
    public string? PrivateKey { get; set; }

    /// <summary>The maximum number of subscriptions of one user, in all browsers. If there are more, the server removes the oldest ones. Default 20.</summary>
    [Range(1, 1_000)]
    public int PerUser { get; set; } = 20;

    /// <summary>Maximum number of push messages that wait to be sent. The server drops further ones. Default 1000.</summary>
    [Range(1, 1_000_000)]
    public int Queue { get; set; } = 1_000;

    /// <summary>Maximum number of requests to all push services together at the same time. Default 16.</summary>
    [Range(1, 1_000)]
    public int MaxConcurrent { get; set; } = 16;

    /// <summary>Seconds in which a push service must answer a request. Default 10.</summary>
    [Range(1, 120)]
    public int TimeoutSeconds { get; set; } = 10;

    /// <summary>Maximum number of push messages for one browser in an hour. The server drops further ones. Default 120.</summary>
    [Range(1, 10_000)]
    public int PerHour { get; set; } = 120;

    /// <summary>
    /// Networks such as <c>10.1.2.0/24</c> in which push services may have addresses that are not public, and may use <c>http</c>. Every user can
    /// then make the server send requests to these networks. Default none.
    /// </summary>
    [RegularExpression(@"[0-9A-Fa-f.:]+/[0-9]{1,3}", ErrorMessage = "is not a network; try: 10.1.2.0/24")]
    public IList<string> AllowedNetworks { get; } = [];

    /// <summary>Whether the operator has set the keys.</summary>
    internal bool IsConfigured => PublicKey is not null;

    /// <summary>The networks of <see cref="AllowedNetworks"/>.</summary>
    /// <exception cref="FormatException">An entry is no network; see <see cref="FindErrors"/>.</exception>
    internal IReadOnlyList<IPNetwork> ParseNetworks() => [.. AllowedNetworks.Select(entry => IPNetwork.Parse(entry))];

    /// <summary>Finds values that are invalid. Returns a line for each error, which names the setting.</summary>
    internal IEnumerable<string> FindErrors()
    {
        foreach (var entry in AllowedNetworks.Where(entry => !IPNetwork.TryParse(entry, out _)))
            yield return $"--{Section}:{nameof(AllowedNetworks)}: \"{entry}\" is not a network; try: 10.1.2.0/24";
        if (Subject is null && PublicKey is null && PrivateKey is null)
            yield break;
        foreach (var (name, value) in new[] { (nameof(Subject), Subject), (nameof(PublicKey), PublicKey), (nameof(PrivateKey), PrivateKey) })
        {
            if (string.IsNullOrEmpty(value))
                yield return $"--{Section}:{name}: push messages need {nameof(Subject)}, {nameof(PublicKey)} and {nameof(PrivateKey)}; the command push-keys creates the keys";
        }

        if (!string.IsNullOrEmpty(Subject) && !IsSubject(Subject))
            yield return $"--{Section}:{nameof(Subject)}: \"{Subject}\" is not an address of the operator; try: mailto:admin@example.org";
        if (string.IsNullOrEmpty(PublicKey) || string.IsNullOrEmpty(PrivateKey))
            yield break;
        // The error must not contain the key.
        if (!PushKeys.IsPair(PublicKey, PrivateKey))
            yield return $"--{Section}:{nameof(PrivateKey)}: the keys are not a pair; the command push-keys creates one";
    }

    // The subject becomes a part of a JSON text.
    private static bool IsSubject(string subject) =>
        !subject.Any(c => c is '"' or '\\' || char.IsControl(c) || char.IsWhiteSpace(c))
        && Uri.TryCreate(subject, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeMailto ? subject.Contains('@') : address.Scheme == Uri.UriSchemeHttps);
}
