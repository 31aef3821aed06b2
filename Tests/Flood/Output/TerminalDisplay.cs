using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace RawSocketChat.Tests.Flood.Output;

/// <summary>Shows a table on a terminal and updates it in place.</summary>
internal sealed class TerminalDisplay : IRunDisplay
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly Task _drawing;
    private LiveDisplayContext? _context;

    public TerminalDisplay(IAnsiConsole console) =>
        _drawing = console.Live(new Text("")).AutoClear(true).StartAsync(context =>
        {
            lock (_gate) _context = context;
            return _ended.Task;
        });

    public void Show(Snapshot snapshot)
    {
        lock (_gate) _context?.UpdateTarget(CreateTable(snapshot));
    }

    public void End()
    {
        _ended.TrySetResult();
        _drawing.GetAwaiter().GetResult();
    }

    internal static IRenderable CreateTable(Snapshot s)
    {
        var table = new Table().RoundedBorder().HideHeaders().AddColumns("", "");
        table.Columns[1].RightAligned();
        table.Title = new TableTitle(s.IsWarmingUp ? "warming up" : Format($"{s.Seconds:0} s"));
        Row("messages", Format($"{s.Sent} of {s.Scheduled}, {s.MessagesPerSecond:0}/s"));
        Row("deliveries", Format($"{s.DeliveriesPerSecond:0}/s"));
        Row("p50, p99 of the last second", Format($"{s.FormatLatency(s.LastSecond.P50)}, {s.FormatLatency(s.LastSecond.P99)} ms"));
        Row("connected", Format($"{s.Connected} of {s.Connections}"));
        Row("lost so far", s.Lost == 0 ? "0" : Format($"[red]{s.Lost}[/]"));
        Row("repeated", s.Repeated == 0 ? "0" : Format($"[red]{s.Repeated}[/]"));
        Row("altered", s.Altered == 0 ? "0" : Format($"[red]{s.Altered}[/]"));
        if (s.ServerCpu is { } cpu) Row("server CPU", Format($"{cpu:0} %"));
        return table;

        void Row(string name, string value) => table.AddRow(name, value);
    }

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
