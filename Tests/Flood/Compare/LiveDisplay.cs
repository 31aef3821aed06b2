using Spectre.Console;
using Spectre.Console.Rendering;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>A table that is drawn anew while the comparison runs, and after it the table of the result and a chart of bars.</summary>
internal sealed class LiveDisplay(IAnsiConsole console, TimeProvider time) : ICompareDisplay
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private volatile string _now = "connecting";

    public void Tell(string line) => _now = line;

    public Task<CompareResult> WatchAsync(Func<IReadOnlyList<WayStatus>> status, Task<CompareResult> run) =>
        console.Live(Standing([], _now)).AutoClear(true).StartAsync(async live =>
        {
            while (!run.IsCompleted)
            {
                live.UpdateTarget(Standing(status(), _now));
                live.Refresh();
                await Task.WhenAny(run, Task.Delay(Interval, time, CancellationToken.None));
            }

            return await run;
        });

    public void Show(CompareResult result)
    {
        var table = NewTable(CompareReport.Head);
        foreach (var way in result.Ways)
            table.AddRow([.. CompareReport.Row(way).Select(cell => new Text(cell))]);
        console.Write(table);
        foreach (var line in CompareReport.Notes(result))
            console.WriteLine(line);
        foreach (var chart in CompareReport.Charts.Where(chart => chart.WaysOf(result).Count > 0))
        {
            console.WriteLine();
            console.Write(BarsOf(chart, result));
        }
    }

    /// <summary>How things stand, under what happens now.</summary>
    internal static IRenderable Standing(IReadOnlyList<WayStatus> ways, string now)
    {
        var table = NewTable(["way", "requests", "up B", "down B", "p50 ms", "p99 ms", "lost"]).Caption(new TableTitle(Markup.Escape(now)));
        foreach (var way in ways)
        {
            var hasCome = way.Delivery.Max > 0;
            string[] cells =
            [
                way.Way, CompareReport.Whole(way.Counts.Requests), CompareReport.Whole(way.Counts.Up), CompareReport.Whole(way.Counts.Down),
                CompareReport.Tenths(hasCome ? way.Delivery.P50 : null), CompareReport.Tenths(hasCome ? way.Delivery.P99 : null), CompareReport.Whole(way.Lost),
            ];
            table.AddRow([.. cells.Select(cell => new Text(cell))]);
        }

        return table;
    }

    private static BarChart BarsOf(CompareChart chart, CompareResult result)
    {
        var bars = new BarChart { Width = 80 }.Label(Markup.Escape(chart.Title)).LeftAlignLabel();
        bars.UseValueFormatter((value, culture) => value.ToString(chart.Format, System.Globalization.CultureInfo.InvariantCulture));
        foreach (var way in chart.WaysOf(result))
            bars.AddItem(Markup.Escape(way.Way), Math.Max(0, chart.Value(way, result)), way.Way.StartsWith("ws", StringComparison.Ordinal) ? Color.Green : Color.Orange3);
        return bars;
    }

    private static Table NewTable(IEnumerable<string> head)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var name in head)
            table.AddColumn(new TableColumn(Markup.Escape(name)) { Alignment = table.Columns.Count == 0 ? Justify.Left : Justify.Right });
        return table;
    }
}
