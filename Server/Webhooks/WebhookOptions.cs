using System.ComponentModel.DataAnnotations;
using System.Net;

namespace RawSocketChat.Server.Webhooks;

/// <summary>The outgoing webhooks of rooms. Section <c>Webhooks</c>.</summary>
public sealed class WebhookOptions
{
    public const string Section = "Webhooks";

    /// <summary>
    /// Whether owners and moderators may set webhooks, and whether the server sends events to them. While this is false, webhooks stay as they
    /// are. Default true.
    /// </summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Seconds in which a receiver must answer a request. Default 15.</summary>
    [Range(1, 120)]
    public int TimeoutSeconds { get; set; } = 15;

    /// <summary>
    /// Hours for which the server tries to deliver an event. If an attempt fails after this time, the event becomes a failed event. Default 24.
    /// </summary>
    [Range(1, 720)]
    public int RetryHours { get; set; } = 24;

    /// <summary>Maximum number of requests to all receivers at the same time. There is at most one request for each webhook. Default 64.</summary>
    [Range(1, 10_000)]
    public int MaxConcurrent { get; set; } = 64;

    /// <summary>Failed events that the server keeps for each webhook. It drops the oldest ones. Default 100.</summary>
    [Range(1, 1_000)]
    public int FailedEvents { get; set; } = 100;

    /// <summary>
    /// Networks such as <c>10.1.2.0/24</c> that may receive webhooks although their addresses are not public. They may use <c>http</c> too. Every
    /// owner or moderator of a room can then make the server send requests to these networks. Default none.
    /// </summary>
    [RegularExpression(@"[0-9A-Fa-f.:]+/[0-9]{1,3}", ErrorMessage = "is not a network; try: 10.1.2.0/24")]
    public IList<string> AllowedNetworks { get; } = [];

    /// <summary>
    /// Whether public addresses may receive webhooks over <c>http</c>, where everybody on the network path can read them. Default false.
    /// </summary>
    public bool AllowHttp { get; set; }

    /// <summary>The networks of <see cref="AllowedNetworks"/>.</summary>
    /// <exception cref="FormatException">An entry is no network; see <see cref="FindErrors"/>.</exception>
    internal IReadOnlyList<IPNetwork> ParseNetworks() => [.. AllowedNetworks.Select(entry => IPNetwork.Parse(entry))];

    /// <summary>Finds values that are invalid. Returns a line for each error, which names the setting.</summary>
    internal IEnumerable<string> FindErrors() => AllowedNetworks
        .Where(entry => !IPNetwork.TryParse(entry, out _))
        .Select(entry => $"--{Section}:{nameof(AllowedNetworks)}: \"{entry}\" is not a network; try: 10.1.2.0/24");
}
