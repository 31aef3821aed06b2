using System.Globalization;
using RawSocketChat.Tests.Flood.Goals;
using RawSocketChat.Tests.Flood.Output;

namespace RawSocketChat.Tests.Flood;

/// <summary>Finds the highest rate that a server sustains. Each step is a separate flood with a warm-up.</summary>
/// <param name="run">Runs one flood with the given options.</param>
/// <param name="output">Receives one line for each step.</param>
internal sealed class MaxRateFinder(Func<FloodOptions, CancellationToken, Task<FloodResult>> run, TextWriter output)
{
    // The first messages after connecting are slow, because caches are cold, buffers grow, and the JIT compiles code.
    private const double MinWarmUp = 1;

    /// <summary>
    /// Runs the search. Returns the steps of the search and the result of the last flood that passed. If no flood passed, returns the
    /// result of the last flood. If a step could not run or the search was interrupted, returns the steps that ran, and
    /// <see cref="FloodResult.Failure"/> is the reason.
    /// </summary>
    public async Task<(JsonSearch? Search, FloodResult Result)> RunAsync(FloodOptions requested, CancellationToken cancel)
    {
        var options = requested with { WarmUp = Math.Max(requested.WarmUp, MinWarmUp) };
        if (options.Rate <= 0) return (null, FloodResult.CreateFailure(FloodResult.BadOptions, "--find-max starts at --rate, which can't be 0"));
        if (options.FindProblem() is { } problem) return (null, FloodResult.CreateFailure(FloodResult.BadOptions, problem));
        Report.WriteStart(output, requested);
        var maxRate = Math.Min(FloodOptions.MaxRate, FloodOptions.MaxMessages / (options.WarmUp + options.Seconds));
        var search = new RateSearch(options.Rate, Math.Min(1, options.Rate), maxRate);
        var steps = new List<JsonStep>();
        FloodResult? best = null, last = null, failed = null;
        while (search.Next is { } rate)
        {
            last = await run(options with { Rate = rate }, cancel);
            if (cancel.IsCancellationRequested) last = last.WithFailure(FloodResult.Interrupted, "interrupted during the search");
            if (last.Failure is { } failure)
            {
                if (steps.Count == 0) return (null, last);
                WriteLine($"so far        {(search.HighestPassed is { } rateSoFar ? $"{rateSoFar:0.##} messages/s sustained" : "no rate sustained")}");
                return (new JsonSearch(search.HighestPassed, "failure", steps), (best ?? last).WithFailure(last.ExitCode, failure));
            }
            var held = last.ExitCode == FloodResult.Success;
            if (held) best = last;
            else failed = last;
            steps.Add(new JsonStep(rate, held, held ? null : DescribeFailure(last), last.FromDue.Count > 0 ? last.FromDue.P99 : null));
            WriteLine($"step          {rate:0.##}/s  {(held ? "passed" : "failed")}  p99 {last.FromDue.P99:0.00} ms{(held ? "" : $"  ({DescribeFailure(last)})")}");
            search.ReportOutcome(held);
        }
        var limit = failed is null ? "nothing" : failed.ExitCode == FloodResult.Invalid ? "generator" : "server";
        if (search.HighestPassed is { } highest)
            WriteLine($"highest       {highest:0.##} messages/s, {highest * options.Connections / options.Rooms:0} deliveries/s (limited by: {limit})");
        else
            WriteLine($"highest       none: even {search.LowestFailed:0.##} messages/s failed");
        return (new JsonSearch(search.HighestPassed, limit, steps), best ?? last!);
    }

    private static string DescribeFailure(FloodResult result) =>
        result.IsFaulty ? $"{result.Lost} lost, {result.Repeated} repeated, {result.OutOfOrder + result.SeqConflicts} reordered, {result.Altered} altered, {result.Refused} refused, {result.Unanswered} unanswered, {result.Closed} closed"
        : result.InvalidReason is { } invalid ? $"invalid: {invalid}"
        : string.Join(", ", result.MetThresholds);

    private void WriteLine(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
