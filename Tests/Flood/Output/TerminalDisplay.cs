using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace RawSocketChat.Tests.Flood.Output;

/// <summary>A table that is drawn over and over, for a terminal.</summary>
internal sealed class TerminalDisplay : IRunDisplay
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly Task _drawing;
    private LiveDisplayContext? _context;

    public TerminalDisplay(IAnsiConsole console) =>
        _drawing = console.Live(new Text("")).AutoClear(true).StartAsync(context =>
        {
            lock (_gate) _context = context;
            return _over.Task;
        });

    public void Show(Snapshot snapshot)
    {
        lock (_gate) _context?.UpdateTarget(Table(snapshot));
    }

    public void End()
    {
        _over.TrySetResult();
        _drawing.GetAwaiter().GetResult();
    }

    internal static IRenderable Table(Snapshot s)
    {
        var table = new Table().RoundedBorder().HideHeaders().AddColumns("", "");
        table.Columns[1].RightAligned();
        table.Title = new TableTitle(s.IsWarmingUp ? "warming up" : Text($"{s.Seconds:0} s"));
        Row("messages", Text($"{s.Sent} of {s.Scheduled}, {s.MessagesPerSecond:0}/s"));
        Row("deliveries", Text($"{s.DeliveriesPerSecond:0}/s"));
        Row("p50, p99 of the last second", Text($"{s.Of(s.LastSecond.P50)}, {s.Of(s.LastSecond.P99)} ms"));
        Row("connected", Text($"{s.Connected} of {s.Connections}"));
        Row("lost so far", s.Lost == 0 ? "0" : Text($"[red]{s.Lost}[/]"));
        Row("repeated", s.Repeated == 0 ? "0" : Text($"[red]{s.Repeated}[/]"));
        Row("altered", s.Altered == 0 ? "0" : Text($"[red]{s.Altered}[/]"));
        if (s.ServerCpu is { } cpu) Row("server's CPU", Text($"{cpu:0} %"));
        return table;

        void Row(string name, string value) => table.AddRow(name, value);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
