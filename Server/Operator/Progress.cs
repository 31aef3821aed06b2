using RawSocketChat.Server.Storage.Sqlite.Maintenance;
using Spectre.Console;

namespace RawSocketChat.Server.Operator;

/// <summary>Shows on a terminal how far a long work has come; elsewhere nothing.</summary>
public static class Progress
{
    public static T Show<T>(OperatorConsole console, Func<IProgress<Advance>, T> work)
    {
        if (!console.IsTerminal)
            return work(new Silence());
        // Somebody looks at it, also where the output itself goes elsewhere.
        var terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(console.Error), Interactive = InteractionSupport.Yes });
        return terminal.Progress()
            .AutoClear(false)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                var bars = new Bars(context);
                var result = work(bars);
                bars.Finish();
                return result;
            });
    }

    private sealed class Silence : IProgress<Advance>
    {
        public void Report(Advance value)
        {
        }
    }

    // One bar for each part of the work. Drawn by a timer of the console's own, not by who reports.
    private sealed class Bars(ProgressContext context) : IProgress<Advance>
    {
        private ProgressTask? _bar;

        public void Report(Advance value)
        {
            if (_bar?.Description != value.What)
            {
                Finish();
                _bar = context.AddTask(value.What);
            }

            _bar.IsIndeterminate = value.Total == 0;
            _bar.MaxValue = Math.Max(value.Total, 1);
            _bar.Value = value.Total == 0 ? 0 : Math.Min(value.Done, value.Total);
        }

        /// <summary>What was shown last is done.</summary>
        public void Finish()
        {
            if (_bar is null)
                return;
            _bar.IsIndeterminate = false;
            _bar.Value = _bar.MaxValue;
            _bar.StopTask();
        }
    }
}
