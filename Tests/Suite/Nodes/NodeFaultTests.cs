using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Nodes;

/// <summary>Several server processes use one database. The tests kill a server, or cut the connections of a server to the database.</summary>
[Category(Categories.Slow)] // runs PostgreSQL and server processes under load, so it runs alone
public sealed class NodeFaultTests
{
    [Test]
    public async Task Killed_server_under_load_loses_nothing_and_repeats_nothing()
    {
        await using var cluster = await NodeCluster.StartAsync(3, ["--Limits:Enabled", "false"]);
        await using var watcher = await ChatClient.ConnectAsync(cluster.Ports[0], "/ws?name=watcher&room=lobby");
        await watcher.Inbox.ExpectAsync<JoinedFrame>();
        await using var victim = await ChatClient.ConnectAsync(cluster.Ports[2], "/ws?name=victim&room=lobby");
        await watcher.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { State: "joined", Name: "victim" });
        var load = new NodeLoad(cluster, "lobby", clients: 9, moveAfter: 500, transports: NodeLoad.AllTransports);

        var violations = await load.RunAsync(async running =>
        {
            await running.WaitForAcksAsync(300);
            await running.KillAsync(2);
            await running.WaitForAcksAsync(300);
        });

        violations.Should().BeEmpty();
        load.Clients.Count(client => client.Connections > 1).Should().BeGreaterThanOrEqualTo(2, "the clients of the killed server connect to another one");
        // The other servers notice within 15 seconds that the server has died: its users are gone, and their names are free.
        await watcher.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { State: "left", Name: "victim" }, within: TimeSpan.FromSeconds(15));
        await TestWait.UntilAsync(
            async () =>
            {
                await using var successor = await ChatClient.ConnectAsync(cluster.Ports[1], "/ws?name=victim");
                return (await successor.Inbox.ExpectAsync<WelcomeFrame>()).Name == "victim";
            },
            "the name to be free");
    }

    [Test]
    public async Task Server_that_loses_its_connections_to_the_database_under_load_loses_nothing()
    {
        var postgres = await PostgresServer.Shared;
        await using var relay = new CuttableRelay(postgres.Port);
        await using var cluster = await NodeCluster.StartAsync(2, ["--Limits:Enabled", "false"], relay.Port);
        var load = new NodeLoad(cluster, "lobby", clients: 6, transports: NodeLoad.AllTransports);

        var violations = await load.RunAsync(async running =>
        {
            for (var cut = 0; cut < 3; cut++)
            {
                await running.WaitForAcksAsync(100);
                // The last 100 acks may have arrived before the last cut. So wait also until the servers have connected again.
                await TestWait.UntilAsync(() => relay.OpenCount > 0, "the servers to connect to the database again");
                relay.Reset();
            }

            await running.WaitForAcksAsync(100);
        });

        violations.Should().BeEmpty();
        relay.Cuts.Should().Be(3);
    }
}
