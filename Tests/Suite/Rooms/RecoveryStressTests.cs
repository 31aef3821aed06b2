using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

/// <summary>
/// Clients join more than a thousand times with random cursors while many messages are sent. Each client must receive every event after its cursor
/// once and in order. The server reads the newest events from memory and older events from the log. The setting Rooms:TailBytes decides how
/// many events are in memory.
/// </summary>
[Category(Categories.Slow)] // many clients recover many messages
public sealed class RecoveryStressTests
{
    private const int Clients = 24;
    private const int JoinsEach = 50;

    // A client that lacks fewer events than this number has nearly caught up.
    private const int FewEvents = 8;

    [TestCase(0, TestName = "{m}(everything from the log)")]
    [TestCase(8 * 1024, TestName = "{m}(some from memory, some from the log)")]
    [TestCase(1024 * 1024, TestName = "{m}(everything from memory)")]
    public async Task Client_that_joins_during_heavy_traffic_receives_each_event_once_and_in_order(int tailBytes)
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Rooms:TailBytes", $"{tailBytes}");
        using var stop = new CancellationTokenSource();
        var speakers = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => ChatClient.JoinAsync(server.HttpPort, $"speaker{i}")));
        var said = 0L;
        var speaking = Task.WhenAll(speakers.Select(async speaker =>
        {
            while (!stop.IsCancellationRequested)
                Interlocked.Exchange(ref said, (await speaker.Client.SayAsync("traffic")).Seq!.Value);
        }));
        await TestWait.UntilAsync(() => Interlocked.Read(ref said) > 500, "the traffic to begin");

        var joins = await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => JoinRepeatedlyAsync(server, seed: i, () => Interlocked.Read(ref said))));

        await stop.CancelAsync();
        await speaking;
        joins.Sum().Should().Be(Clients * JoinsEach);
        foreach (var (client, _) in speakers)
            await client.DisposeAsync();
    }

    private static async Task<int> JoinRepeatedlyAsync(ServerUnderTest server, int seed, Func<long> newest)
    {
        var random = new Random(seed);
        var done = 0;
        while (done < JoinsEach)
        {
            // Some joins use a new connection. Other joins use a connection that is already in the room.
            await using var client = await ChatClient.ConnectAsync(server.HttpPort);
            for (var round = random.Next(1, 4); round > 0 && done < JoinsEach; round--, done++)
                await JoinAndCheckAsync(client, random, newest);
        }

        return done;
    }

    private static async Task JoinAndCheckAsync(ChatClient client, Random random, Func<long> said)
    {
        var newest = said();
        var after = random.Next(4) switch
        {
            0 => newest,
            1 => Math.Max(0, newest - random.Next(2000)),
            2 => random.NextInt64(newest + 1),
            _ => Math.Max(0, newest - random.Next(20)),
        };

        var joined = await client.RequestAsync<JoinedFrame>(Join("lobby", after));
        joined.Recovered.Should().BeTrue();
        var next = after + 1;
        foreach (var message in joined.Messages.DecodeMessages())
            message.Seq.Should().Be(next++, "the cursor was {0}", after);

        // New events arrive at the server while the client catches up. Read until the client has nearly caught up. Then read 2 * FewEvents
        // more events. The last of them are not part of the catch-up.
        var end = long.MaxValue;
        while (next <= end)
        {
            var seq = (await client.Inbox.ExpectAsync<MessageFrame>()).Seq;
            seq.Should().Be(next++, "the cursor was {0}, and the newest event was {1}", after, joined.Seq);
            if (end == long.MaxValue && next + FewEvents > Math.Max(joined.Seq, said()))
                end = next + 2 * FewEvents;
        }
    }
}
