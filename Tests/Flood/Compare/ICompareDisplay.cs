namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>Where a comparison is watched and its result is read.</summary>
internal interface ICompareDisplay
{
    /// <summary>What happens now, in one line. From any thread.</summary>
    void Tell(string line);

    /// <summary>Shows how things stand until the run is over.</summary>
    /// <param name="status">How all ways stand.</param>
    /// <param name="run">The run.</param>
    Task<CompareResult> WatchAsync(Func<IReadOnlyList<WayStatus>> status, Task<CompareResult> run);

    /// <summary>The table and the charts.</summary>
    void Show(CompareResult result);
}

/// <summary>Lines, for a file, a pipe or a dumb terminal.</summary>
internal sealed class PlainDisplay(TextWriter output) : ICompareDisplay
{
    private readonly Lock _gate = new();

    public void Tell(string line)
    {
        lock (_gate)
            output.WriteLine(line);
    }

    public Task<CompareResult> WatchAsync(Func<IReadOnlyList<WayStatus>> status, Task<CompareResult> run) => run;

    public void Show(CompareResult result)
    {
        output.WriteLine();
        CompareReport.Write(output, result);
    }
}
