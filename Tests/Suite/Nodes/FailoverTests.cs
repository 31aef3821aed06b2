using System.Diagnostics;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Nodes;

/// <summary>Several servers with a PostgreSQL primary and a synchronous standby. The primary is killed under load, and the standby becomes the primary.</summary>
[Category(Categories.Slow)] // runs two PostgreSQL servers and three server processes under load, so it runs alone
public sealed class FailoverTests
{
    [Test]
    public async Task Failover_to_the_standby_under_load_loses_nothing_and_repeats_nothing()
    {
        await using var database = await PostgresPair.StartAsync();
        await using var cluster = await NodeCluster.StartAsync(3, ["--Limits:Enabled", "false"], database.ConnectionString);
        await using var hall = await Hall.OpenAsync(cluster, "hall");
        var load = new NodeLoad(cluster, "lobby", clients: 9, transports: NodeLoad.AllTransports, staysOnErrors: true);

        var violations = await load.RunAsync(async running =>
        {
            for (int round = 0, rounds = FaultRounds.Get(1); round < rounds; round++)
            {
                await database.AddStandbyAsync();
                await running.WaitForEachAsync(20);
                foreach (var client in running.Clients)
                    client.ResetPause();
                var start = Stopwatch.GetTimestamp();
                await database.KillPrimaryAsync();
                // In every second round, promote the standby only after each server has answered a message with the error "unavailable".
                if (round % 2 == 0)
                    await hall.ExpectUnavailableAsync();
                var waited = Stopwatch.GetElapsedTime(start);
                await database.PromoteAsync();
                var promoted = Stopwatch.GetElapsedTime(start);
                await running.WaitForEachAsync(20);
                await hall.ExpectAllAsync();
                var pauses = running.Clients.Select(client => client.LongestPause.TotalSeconds).Order().ToList();
                await TestContext.Progress.WriteLineAsync(
                    $"failover {round}: promotion after {waited.TotalSeconds:0.0} s, done after {promoted.TotalSeconds:0.0} s; pause of a client {pauses[0]:0.0} to {pauses[^1]:0.0} s, "
                    + $"median {pauses[pauses.Count / 2]:0.0} s; {running.Clients.Sum(client => client.Retries.Count)} messages sent again; {running.Clients.Sum(client => client.AcknowledgedCount)} acks");
            }

            running.Clients.Should().OnlyContain(client => client.Connections == 1 + client.SlowConsumerCloses, "connections stay open while there is no primary");
        });

        violations.Should().BeEmpty();
        load.Clients.SelectMany(client => client.Retries).Should().NotBeEmpty().And.OnlyContain(retryAfterMs => retryAfterMs > 0);
        hall.Departures.Should().BeEmpty("nobody has left");
    }
}
