using System.Globalization;

namespace RawSocketChat.Tests.Benchmarks.Nodes.Simulation;

/// <summary>The option of <c>simulate</c> for one of the costs.</summary>
internal sealed record CostOption(string Name, string Description, Func<Costs, double> Get, Func<Costs, double, Costs> Set)
{
    public static IReadOnlyList<CostOption> All { get; } =
    [
        new("server-ack", "CPU µs of a server for each message that it stores, with the ack, without the writer", costs => costs.ServerAck, (costs, value) => costs with { ServerAck = value }),
        new("server-commit", "CPU µs of a server for each commit, without the writer", costs => costs.ServerCommit, (costs, value) => costs with { ServerCommit = value }),
        new("writer-message", "CPU µs of the writer of a server (one thread) for each message", costs => costs.WriterMessage, (costs, value) => costs with { WriterMessage = value }),
        new("writer-commit", "CPU µs of the writer of a server for each commit", costs => costs.WriterCommit, (costs, value) => costs with { WriterCommit = value }),
        new("server-read", "CPU µs of a server for each message of another server", costs => costs.ServerRead, (costs, value) => costs with { ServerRead = value }),
        new("server-page", "CPU µs of a server for each read of a room with messages of another server", costs => costs.ServerPage, (costs, value) => costs with { ServerPage = value }),
        new("server-delivery", "CPU µs of a server for each delivery", costs => costs.ServerDelivery, (costs, value) => costs with { ServerDelivery = value }),
        new("database-message", "CPU µs of PostgreSQL for each message", costs => costs.DatabaseMessage, (costs, value) => costs with { DatabaseMessage = value }),
        new("database-commit", "CPU µs of PostgreSQL for each commit", costs => costs.DatabaseCommit, (costs, value) => costs with { DatabaseCommit = value }),
        new("database-read", "CPU µs of PostgreSQL for each message that another server reads", costs => costs.DatabaseRead, (costs, value) => costs with { DatabaseRead = value }),
        new("database-page", "CPU µs of PostgreSQL for each read of a room with messages of another server", costs => costs.DatabasePage, (costs, value) => costs with { DatabasePage = value }),
        new("database-announcement", "CPU µs of PostgreSQL for each statement with announcements", costs => costs.DatabaseAnnouncement, (costs, value) => costs with { DatabaseAnnouncement = value }),
        new("sender-ack", "CPU µs of the benchmark's senders for each message", costs => costs.SenderAck, (costs, value) => costs with { SenderAck = value }),
        new("sync-ms", "elapsed milliseconds of a sync", costs => costs.SyncMilliseconds, (costs, value) => costs with { SyncMilliseconds = value }),
        new("round-trip-ms", "elapsed milliseconds of a round trip between a server and PostgreSQL", costs => costs.RoundTripMilliseconds, (costs, value) => costs with { RoundTripMilliseconds = value }),
        new("delivery-bytes", "bytes of a delivery on the wire", costs => costs.DeliveryBytes, (costs, value) => costs with { DeliveryBytes = value }),
        new("database-bytes", "bytes between a server and PostgreSQL for each message, stored or read", costs => costs.DatabaseBytes, (costs, value) => costs with { DatabaseBytes = value }),
        new("log-bytes", "bytes of PostgreSQL's log for each message", costs => costs.LogBytes, (costs, value) => costs with { LogBytes = value }),
        new("connection-bytes", "memory of a connection at a server", costs => costs.ConnectionBytes, (costs, value) => costs with { ConnectionBytes = value }),
    ];

    /// <summary>Returns all costs as options of the command line.</summary>
    public static string Format(Costs costs) => string.Join(' ', All.Select(option => string.Create(CultureInfo.InvariantCulture, $"--{option.Name} {option.Get(costs):0.##}")));
}
