using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Transports;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>Runs Flood against the real server. The tests assert no latencies, because other tests may use the machine at the same time.</summary>
[Category(Categories.Slow)] // runs the load test for seconds
[Parallelizable(ParallelScope.Self)]
public class ServerFloodTests
{
    [Test]
    public async Task Two_hundred_subscribers_receive_every_message_once_and_in_order()
    {
        var (result, report) = await FloodAsync(new FloodOptions { Connections = 200, Rate = 150, Seconds = 1 }, "--Limits:Enabled=false");
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        result.Acknowledged.Should().Be(150);
        result.Deliveries.Should().Be(200 * 150);
    }

    [Test]
    public async Task Flood_creates_a_room_that_does_not_exist()
    {
        var options = new FloodOptions { Room = "flood-room", Connections = 3, Rate = 100, Seconds = 0.1 };
        var (result, report) = await FloodAsync(options, "--Limits:Enabled=false");
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        result.Deliveries.Should().Be(3 * 10);
    }

    [Test]
    public async Task Flood_with_rate_0_opens_connections_and_sends_no_message()
    {
        var (result, report) = await FloodAsync(new FloodOptions { Connections = 20, Rate = 0, Seconds = 0.1 });
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        (result.Connections, result.Sent).Should().Be((20, 0));
    }

    [Test]
    public async Task Report_shows_how_to_disable_the_rate_limits_that_reject_messages()
    {
        var (result, report) = await FloodAsync(new FloodOptions { Connections = 2, Publishers = 1, Rate = 500, Seconds = 0.1 });
        result.ExitCode.Should().Be(1, "the report says {0}", report);
        result.Refused.Should().BePositive();
        (result.Acknowledged + result.Refused).Should().Be(50);
        (result.Lost, result.Deliveries).Should().Be((0, 2 * result.Acknowledged));
        report.Should().Contain("--Limits:Enabled=false");
    }

    [TestCase("ws")]
    [TestCase("ws-deflate")]
    [TestCase("tcp")]
    [TestCase("poll")]
    [TestCase("longpoll")]
    [TestCase("sse")]
    [TestCase("stream")]
    [TestCase("iframe")]
    public async Task Members_whose_connections_are_cut_repeatedly_receive_everything_over_every_transport(string transport)
    {
        var options = new FloodOptions { Transports = ParseMix(transport), Connections = 12, Rate = 100, Seconds = 1, Churn = 100, TextBytes = 64, MaxTextBytes = 3000, PollInterval = 0.05 };
        var (result, report) = await FloodAsync(options, "--Limits:Enabled=false");
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        result.Acknowledged.Should().Be(100);
        result.Deliveries.Should().Be(12 * 100);
        result.Cuts.Should().BePositive();
        (result.FromDue.Count + result.Recovery.Count).Should().BeInRange(1, 12 * 100);
    }

    [TestCase("ws")]
    [TestCase("sse")]
    public async Task Publisher_whose_connection_was_cut_sends_unanswered_messages_again(string transport)
    {
        var options = new FloodOptions { Transports = ParseMix(transport), Connections = 2, Publishers = 1, Rate = 100, Seconds = 2, Churn = 100 };
        var (result, report) = await FloodAsync(options, "--Limits:Enabled=false");
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        result.Resent.Should().BePositive("the only publisher was cut");
        (result.Acknowledged, result.Deliveries).Should().Be((200, 2 * 200));
    }

    [Test]
    public async Task Members_whose_connections_are_cut_repeatedly_receive_everything_over_WebSocket_over_HTTP2()
    {
        var options = new FloodOptions { Transports = ParseMix("ws:50,ws-h2:50"), Connections = 12, Rate = 100, Seconds = 1, Churn = 100 };
        await using var server = await ServerUnderTest.StartAsync("--urls", "http://127.0.0.1:0;https://127.0.0.1:0", "--Limits:Enabled=false");
        var addresses = server.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Select(address => new Uri(address)).ToList();
        Uri GetUrl(string scheme, string urlScheme) => new UriBuilder(addresses.Single(address => address.Scheme == scheme && address.Port != server.RawPort)) { Scheme = urlScheme, Path = "/ws" }.Uri;
        var (result, report) = await FloodAsync(server, options with { Http2Url = GetUrl("https", "wss") }, GetUrl("http", "ws"));
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        result.Deliveries.Should().Be(12 * 100);
        result.Cuts.Should().BePositive();
    }

    [Test]
    public async Task Each_room_receives_only_its_own_messages()
    {
        var options = new FloodOptions { Rooms = 7, Connections = 30, Rate = 100, Seconds = 1, Room = "part", Transports = ParseMix("ws:80,sse:20") };
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled=false");
        var (result, report) = await FloodAsync(server, options);
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        // Rooms 1 and 2 have 5 of the 30 members and 15 of the 100 messages each. The other rooms have 4 members and 14 messages each.
        result.Deliveries.Should().Be(2 * 5 * 15 + 5 * 4 * 14);
    }

    [Test]
    public async Task Replay_publishes_the_messages_of_an_export()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "room.ndjson");
        await File.WriteAllTextAsync(file, """
            {"type":"export","version":1,"room":"lobby","epoch":"e","topic":"","owner":null,"private":false,"first":1,"last":2,"at":"2026-11-24T04:00:03.087Z"}
            {"type":"message","seq":1,"at":"2026-11-23T10:00:00.000Z","from":{"user":"u1","name":"ann"},"text":"once \"upon\" a time"}
            {"type":"message","seq":2,"at":"2026-11-23T10:01:00.000Z","from":{"user":"u1","name":"ann"},"text":"a minute later"}
            """);
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled=false");
        var (result, report) = await FloodAsync(server, new FloodOptions { Replay = file, Speed = 100, Connections = 3 });
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        (result.Sent, result.Deliveries).Should().Be((2, 6));
        result.DeliverySeconds.Should().BeGreaterThanOrEqualTo(0.6, "one minute at a hundred times the speed");
    }

    [Test]
    public async Task Warm_up_is_checked_but_not_measured()
    {
        var (result, report) = await FloodAsync(new FloodOptions { Connections = 5, Rate = 100, WarmUp = 0.5, Seconds = 0.5 }, "--Limits:Enabled=false");
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        (result.Deliveries, result.FromDue.Count, result.Acks.Count, result.Lateness.Count).Should().Be((5 * 100, 5 * 50, 50, 50));
    }

    [Test]
    public async Task Connections_use_the_given_source_addresses()
    {
        SourceAddresses.TryParse("127.0.0.2-127.0.0.4", out var sources, out _).Should().BeTrue();
        var seen = new ConcurrentDictionary<string, bool>();
        await using var server = await ServerUnderTest.StartAsync(
            services => services.AddTransient<IStartupFilter>(_ => new RemoteAddressRecorder(seen)), "--Limits:Enabled=false");
        var (result, report) = await FloodAsync(server, new FloodOptions { Sources = sources, Connections = 6, Rate = 50, Seconds = 0.1 });
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        seen.Keys.Should().BeEquivalentTo("127.0.0.2", "127.0.0.3", "127.0.0.4");
    }

    [Test]
    public async Task Cost_of_the_server_is_read_from_its_process()
    {
        var (result, report) = await FloodAsync(
            new FloodOptions { Connections = 10, Rate = 100, Seconds = 1, ServerPid = Environment.ProcessId }, "--Limits:Enabled=false");
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        result.Server!.CpuSeconds.Should().BePositive("this process is also the server");
        result.Server.Rss.Should().BeInRange(10 << 20, 10L << 30);
        result.Server.CpuMicrosecondsPerDelivery.Should().BeApproximately(result.Server.CpuSeconds * 1e6 / 1000, 1);
        report.Should().Contain("server        ");
    }

    internal static TransportMix ParseMix(string text) => TransportMix.TryParse(text, out var mix, out var problem) ? mix : throw new ArgumentException(problem);

    internal static async Task<(FloodResult Result, string Report)> FloodAsync(FloodOptions options, params string[] settings)
    {
        await using var server = await ServerUnderTest.StartAsync(settings);
        return await FloodAsync(server, options);
    }

    private static async Task<(FloodResult Result, string Report)> FloodAsync(ServerUnderTest server, FloodOptions options, Uri? url = null)
    {
        using var report = new StringWriter();
        var there = options with { Url = url ?? new Uri($"ws://127.0.0.1:{server.HttpPort}/ws"), RawPort = server.RawPort, Patience = 30, MaxLateness = 60_000, MaxLag = 60_000 };
        var result = await FloodRun.RunAsync(there, report, CancellationToken.None);
        return (result, $"{report}{result.Failure}");
    }

    private sealed class RemoteAddressRecorder(ConcurrentDictionary<string, bool> seen) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, then) =>
            {
                seen[$"{context.Connection.RemoteIpAddress}"] = true;
                return then(context);
            });
            next(app);
        };
    }
}
