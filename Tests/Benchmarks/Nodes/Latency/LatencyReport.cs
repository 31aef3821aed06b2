namespace RawSocketChat.Tests.Benchmarks.Nodes.Latency;

/// <summary>Prints the results of <c>latency</c> as a Markdown table.</summary>
internal static class LatencyReport
{
    private const double GoalRate = 100;
    private const double GoalP50 = 10;
    private const double GoalP99 = 40;

    public static void Write(TextWriter output, LatencyOptions options, IReadOnlyList<LatencyResult> results)
    {
        output.WriteLine($"one sender at server A, {options.Receivers} receivers at A and {options.Receivers} at B, in the same room; 128 characters of words; latency in ms from the scheduled time of a message to its delivery");
        output.WriteLine();
        output.WriteLine("| messages/s | messages | A: p50 | p99 | worst | B: p50 | p99 | worst | lost |");
        output.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var (rate, messages, here, there, lost) in results)
            output.WriteLine($"| {rate:n0} | {messages:n0} | {here.P50:0.0} | {here.P99:0.0} | {here.Worst:0.0} | {there.P50:0.0} | {there.P99:0.0} | {there.Worst:0.0} | {lost} |");
        if (results.FirstOrDefault(result => result.Rate == GoalRate) is { } goal)
        {
            var isMet = goal.There.P50 <= GoalP50 && goal.There.P99 <= GoalP99 && goal.Lost == 0;
            output.WriteLine($"\ngoal: at {GoalRate} messages/s, delivery at B within {GoalP50} ms at p50 and {GoalP99} ms at p99: {goal.There.P50:0.0} and {goal.There.P99:0.0}, {(isMet ? "met" : "not met")}");
        }
    }
}
