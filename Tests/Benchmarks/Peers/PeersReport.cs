using System.Globalization;
using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Peers.Processes;
using Spectre.Console;

namespace RawSocketChat.Tests.Benchmarks.Peers;

/// <summary>Two tables: multiples of the floor, and the figures themselves.</summary>
internal static class PeersReport
{
    private const int WidestLine = 220;

    public static void Write(TextWriter output, PeersResult result, string command, bool markdown)
    {
        var measured = result.Peers.Where(peer => peer.Rounds.Count > 0).ToList();
        if (measured.FirstOrDefault(peer => peer.Name == Catalogue.Floor) is { } floor)
            Table(output, markdown, Ratios(result.Options, measured, floor));
        if (measured.Count > 0)
            Table(output, markdown, Figures(result.Options, measured));
        foreach (var line in Notes(result, measured, command))
            output.WriteLine(line);
    }

    private static List<string[]> Ratios(PeersOptions options, List<PeerResult> peers, PeerResult floor) =>
    [
        ["multiples of the floor", .. options.Rates.Select(rate => $"CPU a delivery, {rate}/s"), .. options.Rates.Select(rate => $"p99, {rate}/s"), "most deliveries/s"],
        .. peers.Select(peer => (string[])[
            peer.Title,
            .. options.Rates.Select((_, i) => Hundredths(peer.AtRate(i, one => one.CpuMicroseconds) / floor.AtRate(i, one => one.CpuMicroseconds))),
            .. options.Rates.Select((_, i) => Hundredths(peer.AtRate(i, one => one.P99) / floor.AtRate(i, one => one.P99))),
            Hundredths(peer.MostPerSecond / floor.MostPerSecond)]),
    ];

    private static List<string[]> Figures(PeersOptions options, List<PeerResult> peers) =>
    [
        [
            "figures", .. options.Rates.Select(rate => $"CPU µs a delivery, {rate}/s (user)"), .. options.Rates.Select(rate => $"p50 / p99 ms, {rate}/s"), "most deliveries/s",
            .. options.Idle > 0 ? (string[])[$"bytes an idle connection, {options.Idle:n0}"] : [], "lost",
        ],
        .. peers.Select(peer => (string[])[
            peer.Title,
            .. options.Rates.Select((_, i) => $"{Hundredths(peer.AtRate(i, one => one.CpuMicroseconds))} ({Hundredths(peer.AtRate(i, one => one.UserMicroseconds))})"),
            .. options.Rates.Select((_, i) => $"{Tenths(peer.AtRate(i, one => one.P50))} / {Tenths(peer.AtRate(i, one => one.P99))}"),
            Thousands(peer.MostPerSecond),
            .. options.Idle > 0 ? (string[])[peer.IdleBytes is { } bytes ? Thousands(bytes) : "?"] : [],
            $"{peer.Lost}"]),
    ];

    private static IEnumerable<string> Notes(PeersResult result, List<PeerResult> measured, string command)
    {
        var options = result.Options;
        yield return command;
        yield return string.Create(CultureInfo.InvariantCulture,
            $"{result.At:yyyy-MM-dd HH:mm} UTC; {result.Machine}; {options.Subscribers:n0} subscribers and one publisher among them, {LoadRun.TextBytes} bytes of text, medians of {options.Rounds} interleaved rounds of {options.Seconds:0.##} s each; most: {options.Window} messages under way.");
        yield return $"versions: {string.Join("; ", result.Peers.GroupBy(peer => peer.Version).Select(same => $"{same.Key} ({string.Join(", ", same.Select(peer => peer.Name))})"))}.";
        yield return $"during the rounds others took {Hundredths(result.OthersCores)} of the {Environment.ProcessorCount} cores.";
        if (measured.Count > 0)
            yield return $"the generator, on the same cores: {Hundredths(PeerResult.Median(measured.Select(peer => peer.AtRate(options.Rates.Count - 1, one => one.GeneratorMicroseconds))))} µs of CPU a delivery at {options.Rates[^1]}/s (median of the peers).";
        foreach (var peer in result.Peers.Where(peer => !peer.IsFine))
            yield return $"FAULTY {peer.Name}: {peer.Lost} lost, {peer.Repeated} repeated or out of order{(peer.Fault is null ? "" : $"; {peer.Fault}")}";
        foreach (var missing in result.Missing)
            yield return $"MISSING {missing}";
    }

    private static void Table(TextWriter output, bool markdown, List<string[]> rows)
    {
        if (markdown)
        {
            output.WriteLine($"| {string.Join(" | ", rows[0])} |");
            output.WriteLine($"| --- |{string.Concat(rows[0].Skip(1).Select(_ => " ---: |"))}");
            rows.Skip(1).ToList().ForEach(row => output.WriteLine($"| {string.Join(" | ", row)} |"));
        }
        else
        {
            var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
            if (Console.IsOutputRedirected)
                console.Profile.Width = WidestLine;
            var table = new Table().Border(TableBorder.Rounded);
            table.AddColumn(new TableColumn(Markup.Escape(rows[0][0])));
            table.AddColumns([.. rows[0].Skip(1).Select(head => new TableColumn(Markup.Escape(head)).RightAligned())]);
            rows.Skip(1).ToList().ForEach(row => table.AddRow([.. row.Select(cell => Markup.Escape(cell.Replace("`", "")))]));
            console.Write(table);
        }

        output.WriteLine();
    }

    private static string Tenths(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private static string Hundredths(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Thousands(double value) => value.ToString("n0", CultureInfo.InvariantCulture);
}
