using System.Globalization;
using RawSocketChat.Tests.Flood.Goals;
using RawSocketChat.Tests.Flood.Output;

namespace RawSocketChat.Tests.Flood;

/// <summary>Looks for the highest rate that a server holds: one flood after the other, each with its warm-up.</summary>
/// <param name="run">One flood at the rate of its options.</param>
/// <param name="output">Gets a line a step.</param>
internal sealed class FindMax(Func<FloodOptions, CancellationToken, Task<FloodResult>> run, TextWriter output)
{
    // What comes first after connecting is slower than what follows: caches, the JIT, buffers that grow.
    private const double LeastWarmUp = 1;

    /// <summary>
    /// What it found, and the last flood that held (else the last one at all). Where a step could not take place, or the search was
    /// interrupted, what was found till then, and that as the failure.
    /// </summary>
    public async Task<(JsonSearch? Search, FloodResult Result)> RunAsync(FloodOptions asked, CancellationToken cancel)
    {
        var options = asked with { WarmUp = Math.Max(asked.WarmUp, LeastWarmUp) };
        if (options.Rate <= 0) return (null, FloodResult.Failed(FloodResult.BadOptions, "--find-max begins at --rate, which can't be 0"));
        if (options.Problem() is { } problem) return (null, FloodResult.Failed(FloodResult.BadOptions, problem));
        Report.Begin(output, asked);
        var most = Math.Min(1_000_000, 10_000_000 / (options.WarmUp + options.Seconds));
        var search = new RateSearch(options.Rate, Math.Min(1, options.Rate), most);
        var steps = new List<JsonStep>();
        FloodResult? best = null, last = null, broke = null;
        while (search.Next is { } rate)
        {
            last = await run(options with { Rate = rate }, cancel);
            if (cancel.IsCancellationRequested) last = last.Ending(FloodResult.Interrupted, "interrupted in the search");
            if (last.Failure is { } failure)
            {
                if (steps.Count == 0) return (null, last);
                Tell($"so far        {(search.Highest is { } far ? $"{far:0.##} messages/s held" : "no rate held")}");
                return (new JsonSearch(search.Highest, "failure", steps), (best ?? last).Ending(last.ExitCode, failure));
            }
            var held = last.ExitCode == FloodResult.Fine;
            if (held) best = last;
            else broke = last;
            steps.Add(new JsonStep(rate, held, held ? null : WhyNot(last), last.FromDue.Count > 0 ? last.FromDue.P99 : null));
            Tell($"step          {rate:0.##}/s  {(held ? "holds" : "breaks")}  p99 {last.FromDue.P99:0.00} ms{(held ? "" : $"  ({WhyNot(last)})")}");
            search.Tell(held);
        }
        var limit = broke is null ? "nothing" : broke.ExitCode == FloodResult.Invalid ? "generator" : "server";
        if (search.Highest is { } highest)
            Tell($"highest       {highest:0.##} messages/s, {highest * options.Connections / options.Rooms:0} deliveries/s (above it: {limit})");
        else
            Tell($"highest       none: not even {search.Broken:0.##} messages/s hold");
        return (new JsonSearch(search.Highest, limit, steps), best ?? last!);
    }

    private static string WhyNot(FloodResult result) =>
        result.IsFaulty ? $"{result.Lost} lost, {result.Repeated} repeated, {result.OutOfOrder + result.Disagreed} reordered, {result.Altered} altered, {result.Refused} refused, {result.Unanswered} unanswered, {result.Closed} closed"
        : result.InvalidBecause is { } invalid ? $"invalid: {invalid}"
        : string.Join(", ", result.Exceeded);

    private void Tell(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
