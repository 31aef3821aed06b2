namespace RawSocketChat.Tests.Benchmarks.Nodes.Acks;

/// <summary>The options of <c>acks</c>.</summary>
internal sealed record AckOptions
{
    /// <summary>The number of connections that send.</summary>
    public int Senders { get; init; } = 100;

    /// <summary>The number of rooms. Sender i is in room i modulo this number.</summary>
    public int Rooms { get; init; } = 50;

    /// <summary>The numbers of messages in flight of each sender. Each number is a measurement.</summary>
    public IReadOnlyList<int> Windows { get; init; } = [32, 1];

    /// <summary>The numbers of servers with PostgreSQL. Each number is a measurement.</summary>
    public IReadOnlyList<int> Servers { get; init; } = [1, 2, 3];

    /// <summary>Whether one server with SQLite is measured too.</summary>
    public bool Sqlite { get; init; } = true;

    /// <summary>The duration of each measurement.</summary>
    public double Seconds { get; init; } = 5;

    /// <summary>Seconds of load before each measurement.</summary>
    public double WarmUp { get; init; } = 3;

    /// <summary>Interleaved rounds. The report shows the run with the median rate.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>The folder for all data; null for the temporary folder.</summary>
    public string? Folder { get; init; }

    /// <summary>Further settings of the servers.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>Returns the first error in the options, or null.</summary>
    public string? FindError() =>
        NodesCommand.CheckRange("senders", Senders, 1, 1000) ?? NodesCommand.CheckRange("rooms", Rooms, 1, Senders)
        ?? Windows.Select(window => NodesCommand.CheckRange("windows", window, 1, 1000)).FirstOrDefault(fault => fault is not null)
        ?? Servers.Select(count => NodesCommand.CheckRange("servers", count, 1, 8)).FirstOrDefault(fault => fault is not null)
        ?? NodesCommand.CheckRange("seconds", Seconds, 0.5, 120) ?? NodesCommand.CheckRange("warm-up", WarmUp, 0, 60) ?? NodesCommand.CheckRange("rounds", Rounds, 1, 20);
}
