using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Rooms;

/// <summary>
/// Joins with random cursors during a storm of messages, thousands of times: whatever the moment, every client has every
/// event after its cursor once, in order. The small tail sends some of them through the log, some through memory.
/// </summary>
public sealed class RecoveryHammerTests
{
    private const int Clients = 24;
    private const int JoinsEach = 100;

    // Who lacks no more than that has come to the present; as many more, and it has long gone live.
    private const int FewEvents = 8;

    [TestCase(0, TestName = "{m}(everything from the log)")]
    [TestCase(8 * 1024, TestName = "{m}(some from memory, some from the log)")]
    [TestCase(1024 * 1024, TestName = "{m}(everything from memory)")]
    public async Task Every_join_during_a_storm_gets_every_event_once_and_in_order(int tailBytes)
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Rooms:TailBytes", $"{tailBytes}");
        using var storm = new CancellationTokenSource();
        var speakers = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => ChatClient.JoinAsync(server.HttpPort, $"speaker{i}")));
        var said = 0L;
        var speaking = Task.WhenAll(speakers.Select(async speaker =>
        {
            while (!storm.IsCancellationRequested)
                Interlocked.Exchange(ref said, (await speaker.Client.SayAsync("storm")).Seq!.Value);
        }));
        await Patience.UntilAsync(() => Interlocked.Read(ref said) > 500, "the storm to begin");

        var joins = await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => HammerAsync(server, seed: i, () => Interlocked.Read(ref said))));

        await storm.CancelAsync();
        await speaking;
        joins.Sum().Should().Be(Clients * JoinsEach);
        foreach (var (client, _) in speakers)
            await client.DisposeAsync();
    }

    private static async Task<int> HammerAsync(ServerUnderTest server, int seed, Func<long> newest)
    {
        var random = new Random(seed);
        var done = 0;
        while (done < JoinsEach)
        {
            // Some joins come on a fresh connection, some on one that is in the room already.
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

        var joined = await client.AskAsync<JoinedFrame>(Join("lobby", after));
        joined.Recovered.Should().BeTrue();
        var next = after + 1;
        foreach (var message in joined.Messages.MessagesOf())
            message.Seq.Should().Be(next++, "{0} was asked for", after);

        // The seam is where it comes to the present, which moves on meanwhile: to that, and well past it.
        var end = long.MaxValue;
        while (next <= end)
        {
            (await client.Inbox.ExpectAsync<MessageFrame>()).Seq.Should().Be(next++, "{0} was asked for, and the newest was {1}", after, joined.Seq);
            if (end == long.MaxValue && next + FewEvents > Math.Max(joined.Seq, said()))
                end = next + 2 * FewEvents;
        }
    }
}
