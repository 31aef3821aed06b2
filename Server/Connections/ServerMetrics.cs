using System.Diagnostics.Metrics;

namespace RawSocketChat.Server.Connections;

/// <summary>
/// The metrics of the server, for <c>dotnet-counters</c> and for exporters of .NET metrics. Server/docs/operations.md lists them. Thread-safe.
/// </summary>
public sealed class ServerMetrics
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "RawSocketChat";

    private readonly Counter<long> _rejections;
    private readonly Counter<long> _webhooks;
    private readonly Counter<long> _pushes;

    public ServerMetrics(IMeterFactory meters, ConnectionRegistry connections, AddressAccounts accounts)
    {
        var meter = meters.Create(MeterName);
        _rejections = meter.CreateCounter<long>("rawsocketchat.rejections", "{rejection}", "Frames, connections and sessions that a limit rejected.");
        _webhooks = meter.CreateCounter<long>("rawsocketchat.webhooks", "{request}", "Requests to the receivers of webhooks.");
        _pushes = meter.CreateCounter<long>("rawsocketchat.pushes", "{message}", "Push messages to browsers whose page is closed.");
        meter.CreateObservableGauge("rawsocketchat.connections", () => connections.Count, "{connection}", "Open connections on all transports.");
        meter.CreateObservableGauge("rawsocketchat.addresses", () => accounts.Count, "{address}", "Addresses that have a budget.");
        connections.AddressRejected += () => CountRejection("address");
    }

    /// <param name="result"><c>delivered</c> or <c>failed</c>.</param>
    public void CountWebhook(string result) => _webhooks.Add(1, new KeyValuePair<string, object?>("result", result));

    /// <param name="result">
    /// <c>delivered</c> to the push service, <c>failed</c>, <c>gone</c> if the subscription has ended, or <c>dropped</c> because of a limit.
    /// </param>
    public void CountPush(string result) => _pushes.Add(1, new KeyValuePair<string, object?>("result", result));

    /// <param name="limit">The kind of limit: <c>address</c> if an address may not open another connection, <c>rate</c> if a request gets
    /// <c>rate-limited</c>.</param>
    public void CountRejection(string limit) => _rejections.Add(1, new KeyValuePair<string, object?>("limit", limit));
}
