using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Ways;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.FloodTool;

/// <summary>The flood against the real server. Nothing here asserts on milliseconds: other tests may share the machine.</summary>
public class ServerFloodTests
{
    [Test]
    public async Task Two_hundred_subscribers_get_every_message_once_and_in_order()
    {
        var (result, report) = await FloodAsync(new FloodOptions { Connections = 200, Rate = 150, Seconds = 1 }, "--Limits:Enabled=false");
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

    [TestCase("ws")]
    [TestCase("ws-deflate")]
    [TestCase("tcp")]
    [TestCase("poll")]
    [TestCase("longpoll")]
    [TestCase("sse")]
    [TestCase("stream")]
    [TestCase("iframe")]
    public async Task Every_way_brings_everything_to_who_is_cut_again_and_again(string way)
    {
        var options = new FloodOptions { Ways = Mix(way), Connections = 12, Rate = 100, Seconds = 1, Churn = 100, TextBytes = 64, MostTextBytes = 3000, PollInterval = 0.05 };
        var (result, report) = await FloodAsync(options, "--Limits:Enabled=false");
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        result.Acknowledged.Should().Be(100);
        result.Deliveries.Should().Be(12 * 100);
        result.Cuts.Should().BePositive();
        (result.FromDue.Count + result.Recovery.Count).Should().BeInRange(1, 12 * 100);
    }

    [TestCase("ws")]
    [TestCase("sse")]
    public async Task A_publisher_that_was_cut_says_again_what_has_no_answer(string way)
    {
        var options = new FloodOptions { Ways = Mix(way), Connections = 2, Publishers = 1, Rate = 100, Seconds = 2, Churn = 100 };
        var (result, report) = await FloodAsync(options, "--Limits:Enabled=false");
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        result.SentAgain.Should().BePositive("it was away, and nobody else publishes");
        (result.Acknowledged, result.Deliveries).Should().Be((200, 2 * 200));
    }

    [Test]
    public async Task WebSockets_over_HTTP2_bring_everything_to_who_is_cut_again_and_again()
    {
        var options = new FloodOptions { Ways = Mix("ws:50,ws-h2:50"), Connections = 12, Rate = 100, Seconds = 1, Churn = 100 };
        await using var server = await ServerUnderTest.StartAsync("--urls", "http://127.0.0.1:0;https://127.0.0.1:0", "--Limits:Enabled=false");
        var addresses = server.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Select(address => new Uri(address)).ToList();
        Uri Of(string scheme, string its) => new UriBuilder(addresses.Single(address => address.Scheme == scheme && address.Port != server.RawPort)) { Scheme = its, Path = "/ws" }.Uri;
        var (result, report) = await FloodAsync(server, options with { Http2Url = Of("https", "wss") }, Of("http", "ws"));
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        result.Deliveries.Should().Be(12 * 100);
        result.Cuts.Should().BePositive();
    }

    [TestCase("ws")]
    [TestCase("tcp")]
    [TestCase("longpoll")]
    [TestCase("sse")]
    public async Task Who_reads_slowly_is_let_go_and_comes_back_to_everything(string way)
    {
        // Seven megabytes: more than a slow reader's outbox and its socket hold. All others may stand still for half a second on a busy machine.
        var options = new FloodOptions { Ways = Mix(way), Connections = 10, Publishers = 2, Slow = 20, Rate = 300, Seconds = 3, TextBytes = 7900, Seed = 3 };
        var (result, report) = await FloodAsync(options, "--Limits:Enabled=false", "--Limits:OutboxBytes=1048576", "--Data:Durability=none");
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        result.LetGo.Should().BePositive("the report says {0}", report);
        result.Deliveries.Should().Be(10 * 900);
        result.FromDue.Count.Should().Be(8 * 900, "a slow reader's latency is its own");
    }

    [Test]
    public async Task Rooms_are_made_and_each_hears_its_own()
    {
        var options = new FloodOptions { Rooms = 7, Connections = 30, Rate = 100, Seconds = 1, Room = "part", Ways = Mix("ws:80,sse:20") };
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled=false");
        var (result, report) = await FloodAsync(server, options);
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        // Of 100 messages 15 are in rooms 1 and 2, which have 5 of the 30 people each, 14 in the others, which have 4.
        result.Deliveries.Should().Be(2 * 5 * 15 + 5 * 4 * 14);
    }

    [Test]
    public async Task What_was_said_once_is_said_again()
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
        result.DeliverySeconds.Should().BeGreaterThanOrEqualTo(0.6, "a minute at a hundred times its speed");
    }

    [Test]
    public async Task A_warm_up_is_checked_and_not_timed()
    {
        var (result, report) = await FloodAsync(new FloodOptions { Connections = 5, Rate = 100, WarmUp = 0.5, Seconds = 0.5 }, "--Limits:Enabled=false");
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        (result.Deliveries, result.FromDue.Count, result.Acks.Count, result.Lateness.Count).Should().Be((5 * 100, 5 * 50, 50, 50));
    }

    [Test]
    public async Task Connections_come_from_the_addresses_that_were_named()
    {
        SourceAddresses.TryParse("127.0.0.2-127.0.0.4", out var sources, out _).Should().BeTrue();
        var seen = new ConcurrentDictionary<string, bool>();
        await using var server = await ServerUnderTest.StartAsync(
            services => services.AddTransient<IStartupFilter>(_ => new Remotes(seen)), "--Limits:Enabled=false");
        var (result, report) = await FloodAsync(server, new FloodOptions { Sources = sources, Connections = 6, Rate = 50, Seconds = 0.1 });
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        seen.Keys.Should().BeEquivalentTo("127.0.0.2", "127.0.0.3", "127.0.0.4");
    }

    [Test]
    public async Task The_servers_cost_is_read_from_its_process()
    {
        var (result, report) = await FloodAsync(
            new FloodOptions { Connections = 10, Rate = 100, Seconds = 1, ServerPid = Environment.ProcessId }, "--Limits:Enabled=false");
        result.ExitCode.Should().Be(0, "the report says {0}", report);
        result.Server!.CpuSeconds.Should().BePositive("this process is the server, too");
        result.Server.Rss.Should().BeInRange(10 << 20, 10L << 30);
        result.Server.CpuMicrosecondsPerDelivery.Should().BeApproximately(result.Server.CpuSeconds * 1e6 / 1000, 1);
        report.Should().Contain("server        ");
    }

    private static WayMix Mix(string text) => WayMix.TryParse(text, out var mix, out var problem) ? mix : throw new ArgumentException(problem);

    private static async Task<(FloodResult Result, string Report)> FloodAsync(FloodOptions options, params string[] settings)
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

    private sealed class Remotes(ConcurrentDictionary<string, bool> seen) : IStartupFilter
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
