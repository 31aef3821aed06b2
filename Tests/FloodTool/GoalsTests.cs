using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Goals;

namespace RawSocketChat.Tests.FloodTool;

/// <summary>Bounds, validity, exit codes, and the search for the highest rate: all pure.</summary>
public class GoalsTests
{
    private static readonly FloodResult Right = new()
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
    [TestCase("ack.p99>0us", false, Description = "no ack was timed: what has no value meets nothing")]
    public void A_bound_is_met_or_not(string text, bool isMet)
    {
        Threshold.TryParse(text, out var threshold, out var problem).Should().BeTrue(problem);
        threshold.IsMetBy(Right).Should().Be(isMet);
        threshold.ToString().Should().Be(text);
    }

    [TestCase("delivery.p99>1us", "50 ms")]
    [TestCase("server.rss>1B", "3 MB")]
    [TestCase("deliveries>1", "100")]
    [TestCase("recovery.p99>1us", "none")]
    public void What_was_found_has_its_unit(string text, string found)
    {
        Threshold.TryParse(text, out var threshold, out _).Should().BeTrue();
        threshold.Found(Right).Should().Be(found);
    }

    [TestCase("", "as in 'delivery.p99>50ms'")]
    [TestCase("delivery.p99", "as in 'delivery.p99>50ms'")]
    [TestCase("delivery.p99>fast", "as in 'delivery.p99>50ms'")]
    [TestCase("delivery.p99>-1ms", "as in 'delivery.p99>50ms'")]
    [TestCase("delivery.p99!=1ms", "as in 'delivery.p99>50ms'")]
    [TestCase("delivery.p98>50ms", "there is no metric \"delivery.p98\"; there are delivery.p50,")]
    [TestCase("delivery.p99>50", "delivery.p99 is bounded in us, ms or s")]
    [TestCase("delivery.p99>50MB", "delivery.p99 is bounded in us, ms or s")]
    [TestCase("server.rss>50ms", "server.rss is bounded in B, KB or MB")]
    [TestCase("lost>5B", "lost is bounded in a bare number")]
    [TestCase("delivery.p99>50MS", "delivery.p99 is bounded in us, ms or s")]
    public void A_bound_that_means_nothing_is_told_in_one_line(string text, string part)
    {
        Threshold.TryParse(text, out _, out var problem).Should().BeFalse();
        problem.Should().StartWith("--fail").And.Contain(part).And.NotContain("\n");
    }

    [Test]
    public void Metrics_have_names_of_their_own() => Metric.All.Select(metric => metric.Name).Should().OnlyHaveUniqueItems();

    [Test]
    public void The_exit_code_says_the_worst()
    {
        Judged(Right).Should().Be(0);
        Judged(Right, "delivery.p99>=50ms").Should().Be(4);
        Judged(Right with { Lateness = new Latency(1, 2, 20.5, 30, 40, 10) }).Should().Be(5);
        Judged(Right with { Lag = new Latency(1, 2, 50.5, 60, 70, 10) }, "delivery.p99>=50ms").Should().Be(5);
        Judged(Right with { Lag = new Latency(1, 2, 50.5, 60, 70, 10), Lost = 1 }, "delivery.p99>=50ms").Should().Be(1);
        Judged(Right with { Acknowledged = 9 }).Should().Be(1, "one was not answered");
        Judged(Right with { WasInterrupted = true }, "delivery.p99>=50ms").Should().Be(130);
        Judged(Right with { WasInterrupted = true, Lag = new Latency(1, 2, 50.5, 60, 70, 10) }).Should().Be(130);
        Judged(Right with { WasInterrupted = true, Lost = 1 }).Should().Be(1);
    }

    [Test]
    public void A_run_is_valid_up_to_its_bounds()
    {
        var (late, lag) = (new Latency(0, 0, 20, 99, 99, 1), new Latency(0, 0, 50, 99, 99, 1));
        Validity.Problem(new FloodOptions(), late, lag, []).Should().BeNull();
        Validity.Problem(new FloodOptions { MaxLateness = 19 }, late, lag, []).Should().Contain("lateness p99 is 20.0 ms, over 19 ms (--max-lateness)");
        Validity.Problem(new FloodOptions { MaxLag = 49 }, late, lag, []).Should().Contain("lag p99 is 50.0 ms, over 49 ms (--max-lag)");
    }

    [TestCase("delivery.max>=70ms", 40, 0, 5, Description = "one hiccup of the generator is enough for a maximum")]
    [TestCase("delivery.p999>=60ms", 40, 0, 5)]
    [TestCase("delivery.max>=70ms", 0, 80, 5)]
    [TestCase("delivery.max>=70ms", 20, 50, 4)]
    [TestCase("delivery.max>70ms", 40, 80, 0, Description = "not met, in spite of it")]
    [TestCase("delivery.p99>=50ms", 40, 80, 4, Description = "its p99 is its own")]
    [TestCase("lost==0", 40, 80, 4, Description = "no time")]
    public void A_high_percentile_is_the_servers_only_where_the_generator_was_not_late_at_the_same_one(string fail, double lateness, double lag, int expected) =>
        Judged(Right with { Lateness = new Latency(1, 2, 3, lateness, lateness, 10), Lag = new Latency(1, 2, 3, lag, lag, 10) }, fail).Should().Be(expected);

    [TestCase(100, 3_000)]
    [TestCase(100, 101)]
    [TestCase(100, 7)]
    [TestCase(1, 999_999)]
    [TestCase(5_000, 5_000)]
    public void The_highest_rate_that_holds_is_found(double first, double breaksAbove)
    {
        var search = new RateSearch(first);
        var tried = Search(search, breaksAbove);
        search.Highest.Should().BeLessThanOrEqualTo(breaksAbove).And.BeGreaterThan(breaksAbove * (1 - RateSearch.Precision) * 0.99);
        search.Broken.Should().BeGreaterThan(breaksAbove);
        tried.Should().OnlyHaveUniqueItems().And.HaveCountLessThan(30);
        tried[0].Should().Be(first);
    }

    [Test]
    public void The_search_doubles_until_one_breaks_and_then_bisects()
    {
        var search = new RateSearch(100);
        Search(search, breaksAbove: 650).Should().Equal(100, 200, 400, 800, 600, 700, 650, 675);
    }

    [Test]
    public void A_server_that_holds_nothing_ends_the_search()
    {
        var search = new RateSearch(100, least: 10);
        Search(search, breaksAbove: 1).Should().Equal(100, 50, 25, 12.5, 10);
        search.Highest.Should().BeNull();
    }

    [Test]
    public void A_server_that_holds_everything_ends_the_search()
    {
        var search = new RateSearch(100, most: 1000);
        Search(search, breaksAbove: 10_000).Should().Equal(100, 200, 400, 800, 1000);
        (search.Highest, search.Broken).Should().Be((1000, null));
    }

    [TestCase(true, "server")]
    [TestCase(false, "generator")]
    public async Task Each_step_is_one_flood_with_a_warm_up_and_the_answer_is_told(bool bySize, string limit)
    {
        using var output = new StringWriter();
        var floods = new List<FloodOptions>();
        var find = new FindMax((options, _) =>
        {
            floods.Add(options);
            var result = Right with { FromDue = new Latency(1, 1, bySize && options.Rate > 650 ? 100 : 5, 0, 0, 10), Lag = new Latency(1, 1, !bySize && options.Rate > 650 ? 99 : 1, 0, 0, 1) };
            return Task.FromResult(result.Judged(options));
        }, output);
        Threshold.TryParse("delivery.p99>=100ms", out var bound, out _).Should().BeTrue();
        var (search, best) = await find.RunAsync(new FloodOptions { Rate = 100, Seconds = 1, Thresholds = [bound] }, CancellationToken.None);
        (search!.Rate, search.LimitedBy, best.ExitCode).Should().Be((650, limit, 0));
        search.Steps.Select(step => step.Held).Should().Equal(true, true, true, false, true, false, true, false);
        floods.Should().OnlyContain(options => options.WarmUp == 1);
        output.ToString().Should().Contain("step          800/s  breaks").And.Contain("highest       650 messages/s, 650000 deliveries/s").And.Contain(limit);
    }

    [Test]
    public async Task A_search_that_is_interrupted_tells_what_was_found_till_then()
    {
        using var output = new StringWriter();
        using var stop = new CancellationTokenSource();
        var find = new FindMax((options, _) =>
        {
            if (options.Rate > 200) stop.Cancel();
            return Task.FromResult(Right.Judged(options));
        }, output);
        var (search, best) = await find.RunAsync(new FloodOptions { Rate = 100, Seconds = 1 }, stop.Token);
        (search!.Rate, search.LimitedBy, search.Steps.Count).Should().Be((200, "failure", 2));
        (best.ExitCode, best.Failure, best.Deliveries).Should().Be((130, "interrupted in the search", 100));
        output.ToString().Should().Contain("so far        200 messages/s held");
    }

    [Test]
    public async Task A_search_whose_server_is_gone_tells_what_was_found_till_then()
    {
        using var output = new StringWriter();
        var find = new FindMax((options, _) => Task.FromResult(options.Rate > 200 ? FloodResult.Failed(3, "refused") : Right.Judged(options)), output);
        var (search, best) = await find.RunAsync(new FloodOptions { Rate = 100, Seconds = 1 }, CancellationToken.None);
        (search!.Rate, search.Steps.Count, best.ExitCode, best.Failure).Should().Be((200, 2, 3, "refused"));
    }

    private static List<double> Search(RateSearch search, double breaksAbove)
    {
        var tried = new List<double>();
        while (search.Next is { } rate)
        {
            tried.Add(rate);
            search.Tell(rate <= breaksAbove);
        }
        return tried;
    }

    private static int Judged(FloodResult result, params string[] bounds) =>
        result.Judged(new FloodOptions { Thresholds = [.. bounds.Select(text => Threshold.TryParse(text, out var bound, out _) ? bound : throw new ArgumentException(text))] }).ExitCode;
}
