namespace RawSocketChat.Tests.Support;

/// <summary>Measures how many bytes of managed memory a piece of code allocates.</summary>
internal static class Allocations
{
    /// <summary>
    /// Runs the action several times and returns the smallest number of bytes that one run allocated on this thread. The runtime sometimes
    /// allocates memory for itself, for example when the JIT compiles a method again. This happens in few runs, so the smallest number is
    /// the cost of the action.
    /// </summary>
    internal static long MeasureLeast(Action action, int runs = 10)
    {
        var least = long.MaxValue;
        for (var run = 0; run < runs; run++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
