using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.FloodTool;

/// <summary>The flood against the real server. Nothing here asserts on milliseconds: other tests may share the machine.</summary>
public class ServerFloodTests
{
    [Test]
    public async Task Two_hundred_subscribers_get_every_message_once_and_in_order()
    {
        var (result, report) = await FloodAsync(new FloodOptions { Connections = 200, Rate = 50, Seconds = 3 }, "--Limits:Enabled=false");
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        result.Acknowledged.Should().Be(150);
        result.Deliveries.Should().Be(200 * 150);
    }

    [Test]
    public async Task A_room_that_does_not_exist_is_made_first()
    {
        var options = new FloodOptions { Room = "flood-room", Connections = 3, Rate = 100, Seconds = 0.1 };
        var (result, report) = await FloodAsync(options, "--Limits:Enabled=false");
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        result.Deliveries.Should().Be(3 * 10);
    }

    [Test]
    public async Task Idle_connections_are_only_held()
    {
        var (result, report) = await FloodAsync(new FloodOptions { Connections = 20, Rate = 0, Seconds = 0.1 });
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        (result.Connections, result.Sent).Should().Be((20, 0));
    }

    [Test]
    public async Task A_server_with_limits_refuses_and_the_report_says_how_to_lift_them()
    {
        var (result, report) = await FloodAsync(new FloodOptions { Connections = 2, Publishers = 1, Rate = 500, Seconds = 0.1 });
        result.ExitCode.Should().Be(1, "the report says {0}", report);
        result.Refused.Should().BePositive();
        (result.Acknowledged + result.Refused).Should().Be(50);
        (result.Lost, result.Deliveries).Should().Be((0, 2 * result.Acknowledged));
        report.Should().Contain("--Limits:Enabled=false");
    }

    private static async Task<(FloodResult Result, string Report)> FloodAsync(FloodOptions options, params string[] settings)
    {
        await using var server = await ServerUnderTest.StartAsync(settings);
        using var report = new StringWriter();
        var url = new Uri($"ws://127.0.0.1:{server.HttpPort}/ws");
        var result = await FloodRun.RunAsync(options with { Url = url, RawPort = server.RawPort, Patience = 30, MaxLateness = 60_000, MaxLag = 60_000 }, report, CancellationToken.None);
        return (result, report.ToString());
    }
}
