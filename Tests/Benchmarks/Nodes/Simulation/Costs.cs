namespace RawSocketChat.Tests.Benchmarks.Nodes.Simulation;

/// <summary>What the servers, PostgreSQL and the network spend. Processor times are in microseconds.</summary>
internal sealed record Costs
{
    /// <summary>A server, for each message that it stores, including the ack and the deliveries of the benchmark (two). Without <see cref="WriterMessage"/>.</summary>
    public double ServerAck { get; init; } = 12;

    /// <summary>A server, for each commit. Without <see cref="WriterCommit"/>.</summary>
    public double ServerCommit { get; init; } = 500;

    /// <summary>The thread of a server that stores messages, for each message. A server has only one of these threads.</summary>
    public double WriterMessage { get; init; } = 8;

    /// <summary>The same thread, for each commit.</summary>
    public double WriterCommit { get; init; } = 300;

    /// <summary>A server, for each message of another server.</summary>
    public double ServerRead { get; init; } = 15;

    /// <summary>A server, for each read of a room in which another server has stored messages.</summary>
    public double ServerPage { get; init; } = 100;

    /// <summary>A server, for each delivery to a connection.</summary>
    public double ServerDelivery { get; init; } = 6.1;

    /// <summary>PostgreSQL, for each message.</summary>
    public double DatabaseMessage { get; init; } = 60;

    /// <summary>PostgreSQL, for each commit.</summary>
    public double DatabaseCommit { get; init; } = 1000;

    /// <summary>PostgreSQL, for each message that another server reads.</summary>
    public double DatabaseRead { get; init; } = 10;

    /// <summary>PostgreSQL, for each read of a room in which another server has stored messages.</summary>
    public double DatabasePage { get; init; } = 50;

    /// <summary>PostgreSQL, for each statement with announcements, including the sessions that receive them.</summary>
    public double DatabaseAnnouncement { get; init; } = 200;

    /// <summary>The senders of the benchmark, for each message.</summary>
    public double SenderAck { get; init; } = 5;

    /// <summary>The elapsed time of a sync, in milliseconds.</summary>
    public double SyncMilliseconds { get; init; } = 0.2;

    /// <summary>The elapsed time of a round trip between a server and PostgreSQL, in milliseconds.</summary>
    public double RoundTripMilliseconds { get; init; } = 0.2;

    /// <summary>Bytes of a delivery on the wire.</summary>
    public double DeliveryBytes { get; init; } = 300;

    /// <summary>Bytes between a server and PostgreSQL, for each message, stored or read.</summary>
    public double DatabaseBytes { get; init; } = 1000;

    /// <summary>Bytes of PostgreSQL's log for each message. A standby receives these bytes.</summary>
    public double LogBytes { get; init; } = 1000;

    /// <summary>Memory of a connection at a server, in bytes.</summary>
    public double ConnectionBytes { get; init; } = 4200;

    /// <summary>Returns the first error, or null.</summary>
    public string? FindError() => CostOption.All.Select(option => NodesCommand.CheckRange(option.Name, option.Get(this), 0, 1e9)).FirstOrDefault(fault => fault is not null);
}
