using System.Globalization;
using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Peers.Processes;
using Spectre.Console;

namespace RawSocketChat.Tests.Benchmarks.Peers;

/// <summary>
/// Writes two tables: each peer's figures divided by those of the peer <c>floor</c> (a minimal server), and the figures themselves.
/// </summary>
internal static class PeersReport
{
    private const int WidestLine = 220;

    public static void Write(TextWriter output, PeersResult result, string command, bool markdown)
    {
        var measured = result.Peers.Where(peer => peer.Rounds.Count > 0).ToList();
        if (measured.FirstOrDefault(peer => peer.Name == PeerCatalog.Floor) is { } floor)
            WriteTable(output, markdown, CreateRatioTable(result.Options, measured, floor));
        if (measured.Count > 0)
            WriteTable(output, markdown, CreateFigureTable(result.Options, measured));
        foreach (var line in CreateNotes(result, measured, command))
            output.WriteLine(line);
    }

    private static List<string[]> CreateRatioTable(PeersOptions options, List<PeerResult> peers, PeerResult floor) =>
    [
        ["multiples of the floor", .. options.Rates.Select(rate => $"CPU per delivery, {rate}/s"), .. options.Rates.Select(rate => $"p99, {rate}/s"), "maximum deliveries/s"],
        .. peers.Select(peer => (string[])[
            peer.Title,
            .. options.Rates.Select((_, i) => FormatHundredths(peer.MedianAtRate(i, one => one.CpuMicroseconds) / floor.MedianAtRate(i, one => one.CpuMicroseconds))),
            .. options.Rates.Select((_, i) => FormatHundredths(peer.MedianAtRate(i, one => one.P99) / floor.MedianAtRate(i, one => one.P99))),
            FormatHundredths(peer.MostPerSecond / floor.MostPerSecond)]),
    ];

    private static List<string[]> CreateFigureTable(PeersOptions options, List<PeerResult> peers) =>
    [
        [
            "figures", .. options.Rates.Select(rate => $"CPU µs per delivery, {rate}/s (user)"), .. options.Rates.Select(rate => $"p50 / p99 ms, {rate}/s"), "maximum deliveries/s",
            .. options.Idle > 0 ? (string[])[$"bytes per idle connection, {options.Idle:n0}"] : [], "lost",
        ],
        .. peers.Select(peer => (string[])[
            peer.Title,
            .. options.Rates.Select((_, i) => $"{FormatHundredths(peer.MedianAtRate(i, one => one.CpuMicroseconds))} ({FormatHundredths(peer.MedianAtRate(i, one => one.UserMicroseconds))})"),
            .. options.Rates.Select((_, i) => $"{FormatTenths(peer.MedianAtRate(i, one => one.P50))} / {FormatTenths(peer.MedianAtRate(i, one => one.P99))}"),
            FormatThousands(peer.MostPerSecond),
            .. options.Idle > 0 ? (string[])[peer.IdleBytes is { } bytes ? FormatThousands(bytes) : "?"] : [],
            $"{peer.Lost}"]),
    ];

    private static IEnumerable<string> CreateNotes(PeersResult result, List<PeerResult> measured, string command)
    {
        var options = result.Options;
        yield return command;
        yield return string.Create(CultureInfo.InvariantCulture,
            $"{result.At:yyyy-MM-dd HH:mm} UTC; {result.Machine}; {options.Subscribers:n0} subscribers and one publisher among them, {LoadRun.TextBytes} bytes of text, medians of {options.Rounds} interleaved rounds of {options.Seconds:0.##} s each; maximum: {options.Window} messages in flight.");
        yield return $"versions: {string.Join("; ", result.Peers.GroupBy(peer => peer.Version).Select(same => $"{same.Key} ({string.Join(", ", same.Select(peer => peer.Name))})"))}.";
        yield return $"during the rounds other processes took {FormatHundredths(result.OthersCores)} of the {Environment.ProcessorCount} cores.";
        if (measured.Count > 0)
            yield return $"the load generator, on the same cores: {FormatHundredths(PeerResult.Median(measured.Select(peer => peer.MedianAtRate(options.Rates.Count - 1, one => one.GeneratorMicroseconds))))} µs of CPU per delivery at {options.Rates[^1]}/s (median of the peers).";
        foreach (var peer in result.Peers.Where(peer => !peer.HasPassed))
            yield return $"FAULTY {peer.Name}: {peer.Lost} lost, {peer.Repeated} repeated or out of order{(peer.Fault is null ? "" : $"; {peer.Fault}")}";
        foreach (var missing in result.Missing)
            yield return $"MISSING {missing}";
    }

    private static void WriteTable(TextWriter output, bool markdown, List<string[]> rows)
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

    private static string FormatTenths(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private static string FormatHundredths(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static string FormatThousands(double value) => value.ToString("n0", CultureInfo.InvariantCulture);
}
