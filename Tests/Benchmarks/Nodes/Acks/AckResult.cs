using System.Text.Json;

namespace RawSocketChat.Tests.Benchmarks.Nodes.Acks;

/// <summary>The totals of one measurement. Processor times are in seconds.</summary>
internal sealed record AckResult
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    public required string Mode { get; init; }

    public required bool IsPostgres { get; init; }

    public required int Servers { get; init; }

    public required int Senders { get; init; }

    public required int Rooms { get; init; }

    public required int Window { get; init; }

    public required double Seconds { get; init; }

    public required long Acks { get; init; }

    public required long Deliveries { get; init; }

    /// <summary>The bytes that the clients have received: messages and acks.</summary>
    public required long ClientBytes { get; init; }

    public required double P50Milliseconds { get; init; }

    public required double P99Milliseconds { get; init; }

    public required double ServerCpu { get; init; }

    public required double GeneratorCpu { get; init; }

    /// <summary>The average number of cores that other programs used.</summary>
    public required double OtherCores { get; init; }

    /// <summary>The part of <see cref="ServerCpu"/> on the threads that store messages.</summary>
    public double WriterCpu { get; init; }

    /// <summary>The processor time of PostgreSQL's sessions that store messages.</summary>
    public double CommitCpu { get; init; }

    public double ReadCpu { get; init; }

    public double AnnouncementCpu { get; init; }

    public double BackgroundCpu { get; init; }

    public long Commits { get; init; }

    public long? NotifyStatements { get; init; }

    public long? Notices { get; init; }

    /// <summary>The statements that read the new messages of a room.</summary>
    public long? Pages { get; init; }

    /// <summary>The bytes between PostgreSQL and the servers.</summary>
    public long? DatabaseBytes { get; init; }

    public long WalBytes { get; init; }

    public double AcksPerSecond => Acks / Seconds;

    public double DatabaseCpu => CommitCpu + ReadCpu + AnnouncementCpu + BackgroundCpu;

    /// <summary>Messages that a server reads because another server has stored them.</summary>
    public double Reads => Acks * new SenderLayout(Senders, Rooms, Servers).ReadsPerMessage;

    public static void Save(string file, IReadOnlyList<AckResult> results) => File.WriteAllText(file, JsonSerializer.Serialize(results, Json));

    /// <exception cref="BenchmarkException">The file can't be read.</exception>
    public static IReadOnlyList<AckResult> Load(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<List<AckResult>>(File.ReadAllText(file)) is { Count: > 0 } results
                ? results
                : throw new BenchmarkException($"{file} has no measurement", NodesCommand.BadOptions);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new BenchmarkException($"{file} can't be read: {fault.Message}", NodesCommand.BadOptions);
        }
    }
}
