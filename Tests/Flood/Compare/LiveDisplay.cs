using Spectre.Console;
using Spectre.Console.Rendering;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>Shows a live table during the comparison, and then the result as a table and bar charts.</summary>
internal sealed class LiveDisplay(IAnsiConsole console, TimeProvider time) : ICompareDisplay
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private volatile string _progress = "connecting";

    public void ShowProgress(string line) => _progress = line;

    public Task<CompareResult> WatchAsync(Func<IReadOnlyList<TransportStatus>> status, Task<CompareResult> run) =>
        console.Live(RenderStatus([], _progress)).AutoClear(true).StartAsync(async live =>
        {
            while (!run.IsCompleted)
            {
                live.UpdateTarget(RenderStatus(status(), _progress));
                live.Refresh();
                await Task.WhenAny(run, Task.Delay(Interval, time, CancellationToken.None));
            }

            return await run;
        });

    public void ShowResult(CompareResult result)
    {
        var table = CreateTable(CompareReport.Columns);
        foreach (var transport in result.Transports)
            table.AddRow([.. CompareReport.FormatRow(transport).Select(cell => new Text(cell))]);
        console.Write(table);
        foreach (var line in CompareReport.GetNotes(result))
            console.WriteLine(line);
        foreach (var chart in CompareReport.Charts.Where(chart => chart.GetResults(result).Count > 0))
        {
            console.WriteLine();
            console.Write(CreateBars(chart, result));
        }
    }

    /// <summary>Renders the status of all transports, with the current step as caption.</summary>
    internal static IRenderable RenderStatus(IReadOnlyList<TransportStatus> statuses, string now)
    {
        var table = CreateTable(["transport", "requests", "up B", "down B", "p50 ms", "p99 ms", "lost"]).Caption(new TableTitle(Markup.Escape(now)));
        foreach (var status in statuses)
        {
            var hasDeliveries = status.Delivery.Max > 0;
            string[] cells =
            [
                status.Transport, CompareReport.FormatWhole(status.Counts.Requests), CompareReport.FormatWhole(status.Counts.Up), CompareReport.FormatWhole(status.Counts.Down),
                CompareReport.FormatTenths(hasDeliveries ? status.Delivery.P50 : null), CompareReport.FormatTenths(hasDeliveries ? status.Delivery.P99 : null), CompareReport.FormatWhole(status.Lost),
            ];
            table.AddRow([.. cells.Select(cell => new Text(cell))]);
        }

        return table;
    }

    private static BarChart CreateBars(CompareChart chart, CompareResult result)
    {
        var bars = new BarChart { Width = 80 }.Label(Markup.Escape(chart.Title)).LeftAlignLabel();
        bars.UseValueFormatter((value, culture) => value.ToString(chart.Format, System.Globalization.CultureInfo.InvariantCulture));
        foreach (var transport in chart.GetResults(result))
            bars.AddItem(Markup.Escape(transport.Transport), Math.Max(0, chart.Value(transport, result)), transport.Transport.StartsWith("ws", StringComparison.Ordinal) ? Color.Green : Color.Orange3);
        return bars;
    }

    private static Table CreateTable(IEnumerable<string> head)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var name in head)
            table.AddColumn(new TableColumn(Markup.Escape(name)) { Alignment = table.Columns.Count == 0 ? Justify.Left : Justify.Right });
        return table;
    }
}
