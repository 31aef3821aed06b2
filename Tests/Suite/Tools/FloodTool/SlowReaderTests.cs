using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Tools.FloodTool.ServerFloodTests;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>Slow readers in a flood against the real server. No other tests run at the same time, because the other readers must keep up with the server.</summary>
[Category(Categories.Slow)] // runs the load test for seconds
public sealed class SlowReaderTests
{
    [TestCase("ws")]
    [TestCase("tcp")]
    [TestCase("longpoll")]
    [TestCase("sse")]
    public async Task Slow_reader_reconnects_after_the_server_closed_its_connection_and_receives_everything(string transport)
    {
        // All messages together have seven megabytes. They do not fit into the outbox and the socket buffers of a slow reader. But the outbox is
        // large enough for the other readers, which may stall for half a second on a busy machine.
        var options = new FloodOptions { Transports = ParseMix(transport), Connections = 10, Publishers = 2, Slow = 20, Rate = 300, Seconds = 3, TextBytes = 7900, Seed = 3 };
        var (result, report) = await FloodAsync(options, "--Limits:Enabled=false", "--Limits:OutboxBytes=1048576", "--Data:Durability=none");
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        result.ClosedAsSlow.Should().BePositive("the report says {0}", report);
        result.Deliveries.Should().Be(10 * 900);
        result.FromDue.Count.Should().Be(8 * 900, "the latency of slow readers is not measured");
    }
}
