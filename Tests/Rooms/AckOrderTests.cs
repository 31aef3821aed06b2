using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;
using RawSocketChat.Server.Transports.RawTcp;

namespace RawSocketChat.Tests.Rooms;

/// <summary>An ack comes before its event can be seen in any way: as it comes, by catching up, or in the history.</summary>
public sealed class AckOrderTests
{
    [TestCase(0, TestName = "{m}(read from the log)")]
    [TestCase(1024 * 1024, TestName = "{m}(read from memory)")]
    public async Task Until_its_ack_is_sent_an_event_is_not_in_the_history(int tailBytes)
    {
        var log = new MemoryRoomLog(Options.Create(new DataOptions()), TimeProvider.System);
        var state = await log.OpenAsync("lobby", CancellationToken.None);
        var room = new RoomLoop(
            new Room("lobby", "", null, false), state, log, new RoomOptions { TailBytes = tailBytes }, new Whereabouts(), TimeProvider.System, NullLogger<RoomLoop>.Instance);
        var loop = room.RunAsync();
        var ann = new Connection("tcp", "ann", new ConnectionRequest(), new PipeOutbox(
            new Pipe().Writer, LineEncoding.Of(LineDelimiter.Newline, asText: false), 1024 * 1024, TimeProvider.System), TimeProvider.System);
        await room.EnterAsync(ann, new Person("u1", "ann"));
        var answers = new Onlooker(room.History);

        for (var i = 1; i <= 3; i++)
        {
            await room.PostAsync(ann, answers, FrameId.From(i), new NewEvent(RoomEventKind.Message, "u1", "ann", "hi"));
            await room.WhoAsync(1);
        }

        answers.SeenAtAck.Should().Equal([0, 1, 2], "the own event is not among them yet");
        (await room.History.AfterAsync(0, 10)).Should().HaveCount(3);
        (await room.History.AfterAsync(long.MaxValue, 10)).Should().BeEmpty();
        room.Stop();
        await loop;
    }

    private sealed class Onlooker(RoomHistory history) : IFrameSink
    {
        public List<int> SeenAtAck { get; } = [];

        public void Send(Outbound outbound)
        {
            // The log of this test completes at once.
            var after = history.AfterAsync(0, 10).AsTask().Result;
            var before = history.BeforeAsync(long.MaxValue, 10).AsTask().Result;
            before.Should().BeEquivalentTo(after, options => options.Including(found => found.Seq));
            SeenAtAck.Add(after.Count);
        }
    }
}
