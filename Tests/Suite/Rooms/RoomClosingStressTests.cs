using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

/// <summary>Clients join, post and leave while the server closes each room as soon as it is empty.</summary>
[Category(Categories.Slow)] // many clients join and leave many times
public sealed class RoomClosingStressTests
{
    private const int Clients = 8;
    private const int RoundsEach = 150;
    private const int MaxRoundsEach = 10_000;
    private const int MinOpenings = 30;

    private static readonly string[] Rooms = ["r0", "r1", "r2"];

    [TestCase("process")]
    [TestCase("none")]
    public async Task Room_that_closes_and_opens_all_the_time_loses_no_join_and_no_event(string durability)
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Data:Durability", durability);
        var directory = server.Services.GetRequiredService<RoomDirectory>();
        var epochs = new Dictionary<string, string>();
        foreach (var room in Rooms)
            epochs[room] = (await directory.TryCreateAsync(room, "", "u0", isPrivate: false)).Room!.Epoch;

        var (seqs, topics, objects) = (new ConcurrentBag<(string Room, long Seq)>(), new ConcurrentDictionary<string, (long Seq, string Topic)>(), new ConcurrentDictionary<RoomLoop, bool>());
        using var stop = new CancellationTokenSource();
        var closing = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                foreach (var room in directory.Open)
                    objects.TryAdd(room, true);
                await directory.UnloadUnusedAsync(TimeSpan.Zero);
            }
        });
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(UseRoomsAsync));
        await stop.CancelAsync();
        await closing;

        objects.Count.Should().BeGreaterThan(MinOpenings, "rooms must have closed and opened again");
        foreach (var room in seqs.GroupBy(posted => posted.Room))
            room.Select(posted => posted.Seq).Order().Should().Equal(Enumerable.Range(1, room.Count()).Select(seq => (long)seq), "each event of {0} has its own seq", room.Key);
        foreach (var (room, (_, topic)) in topics)
            (await directory.FindAsync(room))!.Summary.Topic.Should().Be(topic);
        directory.Count.Should().Be(Rooms.Length + 1);

        async Task UseRoomsAsync(int number)
        {
            var random = new Random(number);
            await using var client = await ChatClient.ConnectAsync(server.HttpPort, $"/ws?name=c{number}");
            // On a busy machine, the rooms close less often. Then the clients need more rounds until enough rooms have closed and opened again.
            for (var round = 0; round < RoundsEach || (objects.Count <= MinOpenings && round < MaxRoundsEach); round++)
            {
                var room = Rooms[random.Next(Rooms.Length)];
                var joined = await client.RequestAsync<JoinedFrame>(Join(room, limit: 1));
                joined.Epoch.Should().Be(epochs[room]);
                joined.Members.Select(member => member.Name).Should().Contain($"c{number}");
                if (random.Next(4) == 0)
                {
                    var topic = $"{number}.{round}";
                    var set = await client.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Topic, Room = room, Text = topic, Id = FrameId.From($"t{round}") });
                    seqs.Add((room, set.Seq!.Value));
                    topics.AddOrUpdate(room, (set.Seq.Value, topic), (_, known) => known.Seq > set.Seq ? known : (set.Seq.Value, topic));
                }
                else
                {
                    seqs.Add((room, (await client.SayAsync($"{round}", $"s{round}", room)).Seq!.Value));
                }

                await client.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Leave, Room = room, Id = FrameId.From($"l{round}") });
            }
        }
    }
}
