using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Goals;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>Tests of conditions, validity, exit codes, and the search for the highest rate.</summary>
public class GoalsTests
{
    private static readonly FloodResult Passed = new()
    {
        Sent = 10,
        Acknowledged = 10,
        Deliveries = 100,
        DeliverySeconds = 2,
        FromDue = new Latency(1, 2, 50, 60, 70, 100),
        Server = new ServerCost(0.5, 0.25, 3 * 1024 * 1024, 4.5),
    };

    [TestCase("delivery.p99>50ms", false)]
    [TestCase("delivery.p99>=50ms", true)]
    [TestCase("delivery.p99==50ms", true)]
    [TestCase("delivery.p99==51ms", false)]
    [TestCase("delivery.p99<50ms", false)]
    [TestCase("delivery.p99<=50ms", true)]
    [TestCase("delivery.p99>49999us", true)]
    [TestCase("delivery.p99<0.051s", true)]
    [TestCase(" delivery.max > 69.5 ms ", true)]
    [TestCase("delivery.p999>59ms", true)]
    [TestCase("lost>0", false)]
    [TestCase("lost==0", true)]
    [TestCase("altered>0", false)]
    [TestCase("deliveries-per-second<51", true)]
    [TestCase("server.rss>=3MB", true)]
    [TestCase("server.rss>3072KB", false)]
    [TestCase("server.rss<3145729B", true)]
    [TestCase("server.cpu-us-per-delivery>4.4", true)]
    [TestCase("ack.p99>0us", false, Description = "no ack was measured, and a metric without a value meets no condition")]
    public void Condition_is_compared_with_the_value_of_the_run(string text, bool isMet)
    {
        Threshold.TryParse(text, out var threshold, out var problem).Should().BeTrue(problem);
        threshold.IsMetBy(Passed).Should().Be(isMet);
        threshold.ToString().Should().Be(text);
    }

    [TestCase("delivery.p99>1us", "50 ms")]
    [TestCase("server.rss>1B", "3 MB")]
    [TestCase("deliveries>1", "100")]
    [TestCase("recovery.p99>1us", "none")]
    public void Value_is_formatted_with_its_unit(string text, string found)
    {
        Threshold.TryParse(text, out var threshold, out _).Should().BeTrue();
        threshold.DescribeValue(Passed).Should().Be(found);
    }

    [TestCase("", "as in 'delivery.p99>50ms'")]
    [TestCase("delivery.p99", "as in 'delivery.p99>50ms'")]
    [TestCase("delivery.p99>fast", "as in 'delivery.p99>50ms'")]
    [TestCase("delivery.p99>-1ms", "as in 'delivery.p99>50ms'")]
    [TestCase("delivery.p99!=1ms", "as in 'delivery.p99>50ms'")]
    [TestCase("delivery.p98>50ms", "there is no metric \"delivery.p98\"; the metrics are delivery.p50,")]
    [TestCase("delivery.p99>50", "the limit of delivery.p99 must be in us, ms or s")]
    [TestCase("delivery.p99>50MB", "the limit of delivery.p99 must be in us, ms or s")]
    [TestCase("server.rss>50ms", "the limit of server.rss must be in B, KB or MB")]
    [TestCase("lost>5B", "the limit of lost must be a plain number without a unit")]
    [TestCase("delivery.p99>50MS", "the limit of delivery.p99 must be in us, ms or s")]
    public void Invalid_condition_gives_one_error_line(string text, string part)
    {
        Threshold.TryParse(text, out _, out var problem).Should().BeFalse();
        problem.Should().StartWith("--fail").And.Contain(part).And.NotContain("\n");
    }

    [Test]
    public void Metric_names_are_unique() => Metric.All.Select(metric => metric.Name).Should().OnlyHaveUniqueItems();

    [Test]
    public void Exit_code_shows_the_most_severe_result()
    {
        GetExitCode(Passed).Should().Be(0);
        GetExitCode(Passed, "delivery.p99>=50ms").Should().Be(4);
        GetExitCode(Passed with { Lateness = new Latency(1, 2, 20.5, 30, 40, 10) }).Should().Be(5);
        GetExitCode(Passed with { Lag = new Latency(1, 2, 50.5, 60, 70, 10) }, "delivery.p99>=50ms").Should().Be(5);
        GetExitCode(Passed with { Lag = new Latency(1, 2, 50.5, 60, 70, 10), Lost = 1 }, "delivery.p99>=50ms").Should().Be(1);
        GetExitCode(Passed with { Acknowledged = 9 }).Should().Be(1, "one message was not answered");
        GetExitCode(Passed with { WasInterrupted = true }, "delivery.p99>=50ms").Should().Be(130);
        GetExitCode(Passed with { WasInterrupted = true, Lag = new Latency(1, 2, 50.5, 60, 70, 10) }).Should().Be(130);
        GetExitCode(Passed with { WasInterrupted = true, Lost = 1 }).Should().Be(1);
    }

    [Test]
    public void Run_is_valid_up_to_the_limits()
    {
        var (late, lag) = (new Latency(0, 0, 20, 99, 99, 1), new Latency(0, 0, 50, 99, 99, 1));
        Validity.FindProblem(new FloodOptions(), late, lag, []).Should().BeNull();
        Validity.FindProblem(new FloodOptions { MaxLateness = 19 }, late, lag, []).Should().Contain("lateness p99 is 20.0 ms, over 19 ms (--max-lateness)");
        Validity.FindProblem(new FloodOptions { MaxLag = 49 }, late, lag, []).Should().Contain("lag p99 is 50.0 ms, over 49 ms (--max-lag)");
    }

    [TestCase("delivery.max>=70ms", 40, 0, 5, Description = "one short stall of the tool is enough to raise a maximum")]
    [TestCase("delivery.p999>=60ms", 40, 0, 5)]
    [TestCase("delivery.max>=70ms", 0, 80, 5)]
    [TestCase("delivery.max>=70ms", 20, 50, 4)]
    [TestCase("delivery.max>70ms", 40, 80, 0, Description = "the condition is not met")]
    [TestCase("delivery.p99>=50ms", 40, 80, 4, Description = "the p99 of the tool is within the limits")]
    [TestCase("lost==0", 40, 80, 4, Description = "the metric is not a time")]
    public void Run_is_invalid_if_a_fail_condition_is_met_at_a_percentile_at_which_the_tool_is_late(string fail, double lateness, double lag, int expected) =>
        GetExitCode(Passed with { Lateness = new Latency(1, 2, 3, lateness, lateness, 10), Lag = new Latency(1, 2, 3, lag, lag, 10) }, fail).Should().Be(expected);

    [TestCase(100, 3_000)]
    [TestCase(100, 101)]
    [TestCase(100, 7)]
    [TestCase(1, 999_999)]
    [TestCase(5_000, 5_000)]
    public void Search_finds_the_highest_rate_that_passes(double first, double failsAbove)
    {
        var search = new RateSearch(first);
        var tried = Search(search, failsAbove);
        search.HighestPassed.Should().BeLessThanOrEqualTo(failsAbove).And.BeGreaterThan(failsAbove * (1 - RateSearch.Precision) * 0.99);
        search.LowestFailed.Should().BeGreaterThan(failsAbove);
        tried.Should().OnlyHaveUniqueItems().And.HaveCountLessThan(30);
        tried[0].Should().Be(first);
    }

    [Test]
    public void Search_doubles_until_a_rate_fails_and_then_bisects()
    {
        var search = new RateSearch(100);
        Search(search, failsAbove: 650).Should().Equal(100, 200, 400, 800, 600, 700, 650, 675);
    }

    [Test]
    public void Search_ends_if_no_rate_passes()
    {
        var search = new RateSearch(100, min: 10);
        Search(search, failsAbove: 1).Should().Equal(100, 50, 25, 12.5, 10);
        search.HighestPassed.Should().BeNull();
    }

    [Test]
    public void Search_ends_if_every_rate_passes()
    {
        var search = new RateSearch(100, max: 1000);
        Search(search, failsAbove: 10_000).Should().Equal(100, 200, 400, 800, 1000);
        (search.HighestPassed, search.LowestFailed).Should().Be((1000, null));
    }

    [TestCase(true, "server")]
    [TestCase(false, "generator")]
    public async Task Search_runs_one_flood_with_a_warm_up_for_each_step(bool bySize, string limit)
    {
        using var output = new StringWriter();
        var floods = new List<FloodOptions>();
        var find = new MaxRateFinder((options, _) =>
        {
            floods.Add(options);
            var result = Passed with { FromDue = new Latency(1, 1, bySize && options.Rate > 650 ? 100 : 5, 0, 0, 10), Lag = new Latency(1, 1, !bySize && options.Rate > 650 ? 99 : 1, 0, 0, 1) };
            return Task.FromResult(result.Evaluate(options));
        }, output);
        Threshold.TryParse("delivery.p99>=100ms", out var threshold, out _).Should().BeTrue();
        var (search, best) = await find.RunAsync(new FloodOptions { Rate = 100, Seconds = 1, Thresholds = [threshold] }, CancellationToken.None);
        (search!.Rate, search.LimitedBy, best.ExitCode).Should().Be((650, limit, 0));
        search.Steps.Select(step => step.Held).Should().Equal(true, true, true, false, true, false, true, false);
        floods.Should().OnlyContain(options => options.WarmUp == 1);
        output.ToString().Should().Contain("step          800/s  failed").And.Contain("highest       650 messages/s, 650000 deliveries/s").And.Contain(limit);
    }

    [Test]
    public async Task Interrupted_search_reports_the_steps_before_the_interruption()
    {
        using var output = new StringWriter();
        using var stop = new CancellationTokenSource();
        var find = new MaxRateFinder((options, _) =>
        {
            if (options.Rate > 200) stop.Cancel();
            return Task.FromResult(Passed.Evaluate(options));
        }, output);
        var (search, best) = await find.RunAsync(new FloodOptions { Rate = 100, Seconds = 1 }, stop.Token);
        (search!.Rate, search.LimitedBy, search.Steps.Count).Should().Be((200, "failure", 2));
        (best.ExitCode, best.Failure, best.Deliveries).Should().Be((130, "interrupted during the search", 100));
        output.ToString().Should().Contain("so far        200 messages/s sustained");
    }

    [Test]
    public async Task Search_that_loses_the_server_reports_the_steps_before_the_loss()
    {
        using var output = new StringWriter();
        var find = new MaxRateFinder((options, _) => Task.FromResult(options.Rate > 200 ? FloodResult.CreateFailure(3, "refused") : Passed.Evaluate(options)), output);
        var (search, best) = await find.RunAsync(new FloodOptions { Rate = 100, Seconds = 1 }, CancellationToken.None);
        (search!.Rate, search.Steps.Count, best.ExitCode, best.Failure).Should().Be((200, 2, 3, "refused"));
    }

    private static List<double> Search(RateSearch search, double failsAbove)
    {
        var tried = new List<double>();
        while (search.Next is { } rate)
        {
            tried.Add(rate);
            search.ReportOutcome(rate <= failsAbove);
        }
        return tried;
    }

    private static int GetExitCode(FloodResult result, params string[] conditions) =>
        result.Evaluate(new FloodOptions { Thresholds = [.. conditions.Select(text => Threshold.TryParse(text, out var threshold, out _) ? threshold : throw new ArgumentException(text))] }).ExitCode;
}
