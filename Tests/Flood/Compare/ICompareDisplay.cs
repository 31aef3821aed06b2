namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>Shows the progress and the result of a comparison.</summary>
internal interface ICompareDisplay
{
    /// <summary>Shows the current step in one line. Thread-safe.</summary>
    void ShowProgress(string line);

    /// <summary>Shows the status until the run ends.</summary>
    /// <param name="status">Gets the status of all transports.</param>
    /// <param name="run">The run to wait for.</param>
    Task<CompareResult> WatchAsync(Func<IReadOnlyList<TransportStatus>> status, Task<CompareResult> run);

    /// <summary>Shows the table and the charts.</summary>
    void ShowResult(CompareResult result);
}

/// <summary>Plain lines, for a file, a pipe or a simple terminal.</summary>
internal sealed class PlainDisplay(TextWriter output) : ICompareDisplay
{
    private readonly Lock _gate = new();

    public void ShowProgress(string line)
    {
        lock (_gate)
            output.WriteLine(line);
    }

    public Task<CompareResult> WatchAsync(Func<IReadOnlyList<TransportStatus>> status, Task<CompareResult> run) => run;

    public void ShowResult(CompareResult result)
    {
        output.WriteLine();
        CompareReport.Write(output, result);
    }
}
