using RawSocketChat.Tests.Benchmarks.Nodes.Simulation;

namespace RawSocketChat.Tests.Benchmarks.Nodes.Acks;

/// <summary>Prints the results of <c>acks</c> as Markdown tables.</summary>
internal static class AckReport
{
    private const double GoalAcksPerSecond = 20_000;

    public static void Write(TextWriter output, AckOptions options, IReadOnlyList<AckResult> results)
    {
        output.WriteLine($"{options.Senders} senders in {options.Rooms} rooms, 128 characters of words; {options.WarmUp:0.#} s of warm-up, then {options.Seconds:0.#} s; {(options.Rounds == 1 ? "one run" : $"the run with the median rate of {options.Rounds} rounds")}; "
            + $"servers, PostgreSQL and senders share this machine's {Environment.ProcessorCount} cores; other programs used at most {results.Max(result => result.OtherCores):0.00} cores");
        foreach (var window in options.Windows)
        {
            var rows = results.Where(result => result.Window == window).ToList();
            output.WriteLine();
            output.WriteLine($"{window} in flight for each sender:");
            output.WriteLine();
            WriteRates(output, rows);
            WriteDatabase(output, [.. rows.Where(row => row.IsPostgres)]);
        }

        if (results.FirstOrDefault(result => result is { IsPostgres: true, Servers: 3, Window: 32 }) is { } three)
            output.WriteLine($"\ngoal: at least {GoalAcksPerSecond:n0} acks/s over three servers with 32 in flight: {three.AcksPerSecond:n0}, {(three.AcksPerSecond >= GoalAcksPerSecond ? "met" : "not met")}");
        if (results.Any(result => result.IsPostgres))
            output.WriteLine($"\ncosts of these runs, as options of `simulate`: {CostOption.Format(CostEstimate.Create(results))}");
    }

    private static void WriteRates(TextWriter output, List<AckResult> rows)
    {
        output.WriteLine("| storage | acks/s | p50 ms | p99 ms | CPU s per 1,000 acks: servers | PostgreSQL | senders | CPU µs per delivery: servers | PostgreSQL |");
        output.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var row in rows)
        {
            var deliveries = Math.Max(1, row.Deliveries);
            output.WriteLine($"| {row.Mode} | {row.AcksPerSecond:n0} | {row.P50Milliseconds:0.0} | {row.P99Milliseconds:0.0} | {row.ServerCpu * 1000 / row.Acks:0.000} | {(row.IsPostgres ? $"{row.DatabaseCpu * 1000 / row.Acks:0.000}" : "")} | {row.GeneratorCpu * 1000 / row.Acks:0.000} "
                + $"| {row.ServerCpu * 1e6 / deliveries:0.0} | {(row.IsPostgres ? $"{row.DatabaseCpu * 1e6 / deliveries:0.0}" : "")} |");
        }
    }

    private static void WriteDatabase(TextWriter output, List<AckResult> rows)
    {
        if (rows.Count == 0)
            return;
        output.WriteLine();
        output.WriteLine("| PostgreSQL | commits/s | messages per commit | CPU µs per ack: commits | reads | NOTIFY and LISTEN | background | NOTIFY statements per 1,000 acks | NOTIFY payloads per 1,000 acks | reads of a room per 1,000 acks | share of NOTIFY and LISTEN in PostgreSQL's CPU | bytes per ack to and from the servers | bytes of log per ack |");
        output.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var row in rows)
        {
            output.WriteLine($"| {row.Mode} | {row.Commits / row.Seconds:n0} | {row.Acks / (double)Math.Max(1, row.Commits):0.0} | {row.CommitCpu * 1e6 / row.Acks:0.0} | {row.ReadCpu * 1e6 / row.Acks:0.0} | {row.AnnouncementCpu * 1e6 / row.Acks:0.0} | {row.BackgroundCpu * 1e6 / row.Acks:0.0} "
                + $"| {Format(row.NotifyStatements * 1000.0 / row.Acks)} | {Format(row.Notices * 1000.0 / row.Acks)} | {Format(row.Pages * 1000.0 / row.Acks)} | {row.AnnouncementCpu / Math.Max(1e-9, row.DatabaseCpu):p0} | {Format(row.DatabaseBytes / (double)row.Acks)} | {row.WalBytes / (double)row.Acks:n0} |");
        }

        static string Format(double? value) => value is { } known ? $"{known:#,0.#}" : "?";
    }
}
