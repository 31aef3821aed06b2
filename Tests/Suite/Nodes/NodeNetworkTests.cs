using System.Diagnostics;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Nodes;

/// <summary>Servers that are stopped for a time, cut off from the database, or far away from it.</summary>
[Category(Categories.Slow)] // runs PostgreSQL and server processes under load, so it runs alone
public sealed class NodeNetworkTests
{
    private const int CutServer = 0;
    private const int SlowServer = 1;
    private const int StoppedServer = 2;

    private CuttableRelay _relay = null!;
    private SlowRelay _slowRelay = null!;
    private NodeCluster _cluster = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        var postgres = await PostgresServer.Shared;
        (_relay, _slowRelay) = (new CuttableRelay(postgres.Port), new SlowRelay(postgres.Port));
        _cluster = await NodeCluster.StartAsync(3, ["--Limits:Enabled", "false"], _relay.Port, _slowRelay.Port);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        await _slowRelay.DisposeAsync();
        await _relay.DisposeAsync();
    }

    // A fault that a failed test has caused must not disturb the next test.
    [TearDown]
    public void EndFaults()
    {
        _relay.IsDown = false;
        _relay.EndSilence();
        _slowRelay.Delay = TimeSpan.Zero;
    }

    [Test]
    public async Task Paused_server_with_an_open_transaction_delays_the_other_servers_only_for_seconds()
    {
        await using var hall = await Hall.OpenAsync(_cluster, "stop");
        await CheckAsync("stop", async (load, round) =>
        {
            await load.WaitForEachAsync(20);
            await _cluster.PauseInTransactionAsync(StoppedServer);
            var start = Stopwatch.GetTimestamp();
            await WaitForOthersAsync(load, StoppedServer);
            var heldUp = Stopwatch.GetElapsedTime(start);
            await WaitForEndAsync(start);
            await _cluster.ContinueAsync(StoppedServer);
            await load.WaitForEachAsync(20);
            await hall.ExpectAllAsync();
            await TestContext.Progress.WriteLineAsync($"stop {round}: the other servers were held up for {heldUp.TotalSeconds:0.0} s");
            heldUp.Should().BeLessThan(TimeSpan.FromSeconds(12));
        });
    }

    [Test]
    public async Task Server_that_is_cut_off_from_the_database_loses_nothing_and_its_users_come_back()
    {
        await using var hall = await Hall.OpenAsync(_cluster, "cut");
        await CheckAsync("cut", async (load, round) =>
        {
            await load.WaitForEachAsync(20);
            var start = Stopwatch.GetTimestamp();
            _relay.IsDown = true;
            _relay.Reset();
            await WaitForOthersAsync(load, CutServer);
            await hall.ExpectAsync(StoppedServer, "left", CutServer);
            var left = Stopwatch.GetElapsedTime(start);
            await WaitForEndAsync(start);
            start = Stopwatch.GetTimestamp();
            _relay.IsDown = false;
            await hall.ExpectAsync(StoppedServer, "joined", CutServer);
            var joined = Stopwatch.GetElapsedTime(start);
            await load.WaitForEachAsync(20);
            await hall.ExpectAllAsync();
            await TestContext.Progress.WriteLineAsync($"cut {round}: users left after {left.TotalSeconds:0.0} s, and were back {joined.TotalSeconds:0.0} s after the cut");
        });
    }

    [Test]
    public async Task Server_whose_network_drops_all_packets_for_a_time_loses_nothing()
    {
        await using var hall = await Hall.OpenAsync(_cluster, "drop");
        await CheckAsync("drop", async (load, round) =>
        {
            await load.WaitForEachAsync(20);
            var start = Stopwatch.GetTimestamp();
            _relay.GoSilent();
            await WaitForOthersAsync(load, CutServer);
            var heldUp = Stopwatch.GetElapsedTime(start);
            await WaitForEndAsync(start);
            // Simulate that both ends close their connections after such a silence.
            _relay.EndSilence();
            _relay.Reset();
            start = Stopwatch.GetTimestamp();
            await load.WaitForEachAsync(20);
            await hall.ExpectAllAsync();
            await TestContext.Progress.WriteLineAsync(
                $"drop {round}: the other servers were held up for {heldUp.TotalSeconds:0.0} s; all clients had recovered {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s after the end");
            heldUp.Should().BeLessThan(TimeSpan.FromSeconds(12));
        });
    }

    [Test]
    public async Task Server_far_away_from_the_database_keeps_the_order()
    {
        await using var hall = await Hall.OpenAsync(_cluster, "slow");
        _slowRelay.Delay = TimeSpan.FromMilliseconds(50);
        // Without the pause, the near servers would store events faster than the distant server can read them.
        await CheckAsync("slow", pauseMs: 10, runRound: async (load, round) =>
        {
            var (start, before) = (Stopwatch.GetTimestamp(), load.Clients.Sum(client => client.AcknowledgedCount));
            await load.WaitForEachAsync(5);
            var rate = (load.Clients.Sum(client => client.AcknowledgedCount) - before) / Stopwatch.GetElapsedTime(start).TotalSeconds;
            await TestContext.Progress.WriteLineAsync($"slow {round}: {rate:0} acks/s over three servers, one of them 50 ms away from the database");
        });
        await hall.ExpectAllAsync();
    }

    // The HTTP transports need sticky sessions, so these clients use WebSocket.
    [Test]
    public async Task Clients_behind_haproxy_without_sticky_sessions_lose_nothing_when_a_server_is_killed()
    {
        await using var cluster = await NodeCluster.StartAsync(2, ["--Limits:Enabled", "false"]);
        await using var proxy = await HaproxyProxy.StartAsync(cluster.Ports);
        var load = new NodeLoad(cluster, "lobby", clients: 4, moveAfter: 300, ports: [proxy.Port]);

        var violations = await load.RunAsync(async running =>
        {
            await running.WaitForEachAsync(100);
            await running.KillAsync(1);
            await running.WaitForEachAsync(100);
        });

        violations.Should().BeEmpty();
        load.Clients.Should().OnlyContain(client => client.Connections > 1);
    }

    // Runs the fault once, or as often as the long mode says, while clients of all transports flood a room.
    private async Task CheckAsync(string name, Func<NodeLoad, int, Task> runRound, int pauseMs = 0)
    {
        await using var creator = await ChatClient.ConnectAsync(_cluster.Ports[StoppedServer]);
        var room = $"{name}-load";
        await creator.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = room, Id = FrameId.From("c") });
        var load = new NodeLoad(_cluster, room, clients: 9, transports: NodeLoad.AllTransports, staysOnErrors: true, pauseMs: pauseMs);
        var violations = await load.RunAsync(async running =>
        {
            for (int round = 0, rounds = FaultRounds.Get(1); round < rounds; round++)
                await runRound(running, round);
            running.Clients.Should().OnlyContain(client => client.Connections == 1 + client.SlowConsumerCloses, "connections stay open");
            // After a fault, a server gets all events of the other servers at once. They may be more than the outbox of an HTTP client can hold.
            running.Clients.Where(client => client.IsOverWebSocket).Should().OnlyContain(client => client.SlowConsumerCloses == 0);
        });
        violations.Should().BeEmpty();
        load.Clients.SelectMany(client => client.Retries).Should().NotContain(retryAfterMs => retryAfterMs == null || retryAfterMs <= 0);
    }

    private Task WaitForOthersAsync(NodeLoad load, int server) => load.WaitForEachAsync(20, client => client.Port != _cluster.Ports[server]);

    private static Task WaitForEndAsync(long start) => TestWait.ForFaultAsync(FaultRounds.MinDuration - Stopwatch.GetElapsedTime(start));
}
