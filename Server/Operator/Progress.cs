using RawSocketChat.Server.Storage.Sql.Maintenance;
using Spectre.Console;

namespace RawSocketChat.Server.Operator;

/// <summary>Shows the progress of a long operation on a terminal. Without a terminal it shows nothing.</summary>
public static class Progress
{
    public static T RunWithProgress<T>(OperatorConsole console, Func<IProgress<WorkProgress>, T> work)
    {
        if (!console.IsTerminal)
            return work(new NoProgress());
        // Interactive must be set here: the bars go to the standard error, which is a terminal even if the standard output is redirected.
        var terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(console.Error), Interactive = InteractionSupport.Yes });
        return terminal.Progress()
            .AutoClear(false)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                var bars = new ProgressBars(context);
                var result = work(bars);
                bars.Finish();
                return result;
            });
    }

    private sealed class NoProgress : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
        }
    }

    // Shows one bar for each part of the work. A timer of the console draws the bars. The thread that reports the progress does not draw.
    private sealed class ProgressBars(ProgressContext context) : IProgress<WorkProgress>
    {
        private ProgressTask? _bar;

        public void Report(WorkProgress value)
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

        /// <summary>Marks the current bar as complete.</summary>
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
