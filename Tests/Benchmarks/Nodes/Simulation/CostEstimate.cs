using RawSocketChat.Tests.Benchmarks.Nodes.Acks;

namespace RawSocketChat.Tests.Benchmarks.Nodes.Simulation;

/// <summary>Computes costs from measurements. More than one window is needed to distinguish the cost of a message from that of a commit.</summary>
internal static class CostEstimate
{
    private const double Micro = 1e6;

    /// <param name="results">Measurements, of which only those with PostgreSQL count. There must be at least one of these.</param>
    public static Costs Create(IReadOnlyList<AckResult> results)
    {
        var runs = results.Where(result => result.IsPostgres).ToList();
        var several = runs.Where(run => run is { Servers: > 1, ReadCpu: > 0 }).ToList();
        var server = Fit(runs, run => run.ServerCpu - run.WriterCpu, run => run.Acks, run => run.Commits, run => run.Reads, CountPages);
        var writer = Fit(runs, run => run.WriterCpu, run => run.Acks, run => run.Commits);
        var database = Fit(runs, run => run.CommitCpu + run.BackgroundCpu, run => run.Acks, run => run.Commits);
        // A server reads for its own clients too, but rarely.
        var read = several.Count > 0 ? Fit(several, run => run.ReadCpu, run => run.Reads, CountPages) : [new Costs().DatabaseRead, new Costs().DatabasePage];
        var sender = Fit(runs, run => run.GeneratorCpu, run => run.Acks, run => run.Commits);
        var (reads, statements) = (runs.Sum(run => run.Reads), runs.Sum(run => (double?)run.NotifyStatements ?? run.Commits));
        var (acks, deliveries) = (runs.Sum(run => (double)run.Acks), runs.Sum(run => (double)run.Deliveries));
        var defaults = new Costs();
        return defaults with
        {
            ServerAck = server[0],
            ServerCommit = server[1],
            WriterMessage = writer[0],
            WriterCommit = writer[1],
            ServerRead = server[2],
            ServerPage = server[3],
            DatabaseMessage = database[0],
            DatabaseCommit = database[1],
            DatabaseRead = read[0],
            DatabasePage = read[1],
            DatabaseAnnouncement = statements > 0 ? runs.Sum(run => run.AnnouncementCpu) * Micro / statements : defaults.DatabaseAnnouncement,
            SenderAck = sender[0] + (sender[1] * runs.Sum(run => (double)run.Commits) / acks),
            DeliveryBytes = deliveries > 0 ? runs.Sum(run => (double)run.ClientBytes) / deliveries : defaults.DeliveryBytes,
            DatabaseBytes = runs.All(run => run.DatabaseBytes is not null) ? runs.Sum(run => (double)run.DatabaseBytes!) / (acks + reads) : defaults.DatabaseBytes,
            LogBytes = runs.Sum(run => (double)run.WalBytes) / acks,
        };
    }

    // Without the counts of PostgreSQL, each commit counts as one read of a room.
    private static double CountPages(AckResult run) => run.Reads > 0 ? run.Pages ?? run.Commits : 0;

    // Splits a processor time into the parts of some quantities. Minimizes the relative differences, so that each run counts equally.
    private static double[] Fit(List<AckResult> runs, Func<AckResult, double> cpu, params Func<AckResult, double>[] quantities)
    {
        var known = runs.Where(run => cpu(run) > 0).ToList();
        return known.Count == 0
            ? new double[quantities.Length]
            : LeastSquares.Solve([.. known.Select(run => quantities.Select(quantity => quantity(run) / (cpu(run) * Micro)).ToArray())], [.. known.Select(_ => 1.0)]);
    }
}
